/* As tfa.h: declarations of drivers/scmi-msg/sensor.h, written by hand. */
#ifndef SENSOR_H
#define SENSOR_H

#include "tfa.h"

#define SCMI_SENSOR_NAME_LENGTH_MAX 16U

struct scmi_sensor_desc {
	uint32_t id;
	uint32_t attr_low;
	uint32_t attr_high;
	uint8_t name[SCMI_SENSOR_NAME_LENGTH_MAX];
	uint32_t power;
	uint32_t resolution;
	int32_t min_range_low;
	int32_t min_range_high;
	int32_t max_range_low;
	int32_t max_range_high;
};

typedef struct {
	uint16_t (*sensor_count)(unsigned int agent_id);
	uint8_t (*sensor_max_request)(unsigned int agent_id);
	uint32_t (*get_sensor_req)(unsigned int agent_id, unsigned int *addr);
	int32_t (*sensor_reading_get)(uint32_t agent_id, uint16_t sensor_id, uint32_t *val);
	uint32_t (*sensor_description_get)(unsigned int agent_id, uint16_t sensor_id, struct scmi_sensor_desc *desc);
	uint32_t (*sensor_update_interval)(uint32_t agent_id, uint16_t sensor_id);
	uint32_t (*sensor_state)(uint32_t agent_id, uint16_t sensor_id);
	uint16_t (*sensor_timestamped)(uint32_t agent_id, uint16_t sensor_id);
} plat_scmi_sensor_ops_t;

extern const plat_scmi_sensor_ops_t sensor_ops;

#define REGISTER_SCMI_SENSOR_OPS(count, max, req, reading, description, interval, state, timestamped) \
	const plat_scmi_sensor_ops_t sensor_ops = {                                                    \
		.sensor_count = count,                                                                 \
		.sensor_max_request = max,                                                             \
		.get_sensor_req = req,                                                                 \
		.sensor_reading_get = reading,                                                         \
		.sensor_description_get = description,                                                 \
		.sensor_update_interval = interval,                                                    \
		.sensor_state = state,                                                                 \
		.sensor_timestamped = timestamped,                                                     \
	}

#endif
