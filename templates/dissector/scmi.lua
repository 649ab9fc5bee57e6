-- A dissector of SCMI messages for Wireshark and tshark, written by scmigen @VERSION@.
--
-- It takes apart captures of `scmigen serve --capture`: link type USER0, with the agent, the
-- direction and the version of the protocol in front of each message. The message tables are
-- those of the server. Usage: tshark -X lua_script:scmi.lua -r FILE, or this file in Wireshark's
-- folder of personal Lua plugins (Help, About Wireshark, Folders).

-- Status code = name, protocol id = name, and the messages of each protocol: commands, delayed
-- responses and notifications, as rows of which a later one with the same id takes the place of an
-- earlier one from version `since` on. A field is a name and a type.
local STATUSES = @STATUSES@
local PROTOCOLS = @PROTOCOLS@
local MESSAGES = @MESSAGES@

local PSEUDO, HEADER, STATUS = 8, 4, 4
local COMMAND, DELAYED, NOTIFICATION = 0, 2, 3
local TYPES = { [COMMAND] = "command", [DELAYED] = "delayed response", [NOTIFICATION] = "notification" }
local DIRECTIONS = { [0] = "from the agent", [1] = "to the agent" }

local SIZES = { u8 = 1, u16 = 2, u32 = 4, i32 = 4, u64 = 8, i64 = 8, name16 = 16, name64 = 64 }
local MAKERS = {
    u8 = ProtoField.uint8, u16 = ProtoField.uint16, u32 = ProtoField.uint32,
    i32 = ProtoField.int32, u64 = ProtoField.uint64, i64 = ProtoField.int64,
}

local scmi = Proto("scmi", "Arm System Control and Management Interface")
local own = {
    agent = ProtoField.uint8("scmi.agent", "Agent", base.DEC),
    direction = ProtoField.uint8("scmi.direction", "Direction", base.DEC, DIRECTIONS),
    version = ProtoField.uint32("scmi.version", "Version of the protocol", base.HEX),
    id = ProtoField.uint32("scmi.message_id", "Message id", base.HEX, nil, 0xFF),
    type = ProtoField.uint32("scmi.type", "Type", base.DEC, TYPES, 0x300),
    protocol = ProtoField.uint32("scmi.protocol", "Protocol", base.HEX, PROTOCOLS, 0x3FC00),
    token = ProtoField.uint32("scmi.token", "Token", base.DEC, nil, 0xFFC0000),
    message = ProtoField.string("scmi.message", "Message"),
    status = ProtoField.int32("scmi.status", "Status", base.DEC, STATUSES),
    entry = ProtoField.none("scmi.entry", "Entry"),
    rest = ProtoField.bytes("scmi.rest", "Other bytes"),
    request_in = ProtoField.framenum("scmi.request_in", "Request in", base.NONE, frametype.REQUEST),
    response_in =
        ProtoField.framenum("scmi.response_in", "Response in", base.NONE, frametype.RESPONSE),
    time = ProtoField.relative_time("scmi.time", "Time since the request"),
}
local short = ProtoExpert.new(
    "scmi.short", "Shorter than its layout", expert.group.MALFORMED, expert.severity.ERROR)
local long = ProtoExpert.new(
    "scmi.long", "Longer than its layout", expert.group.MALFORMED, expert.severity.WARN)
scmi.experts = { short, long }

-- A field of a message is scmi.PROTOCOL.NAME; if fields of one protocol have a name in common
-- and not the type, the type is appended to all but the first.
local by_type, registered = {}, {}
for _, field in pairs(own) do
    registered[#registered + 1] = field
end

local function register(protocol, layout)
    for _, field in ipairs(layout or {}) do
        local name, kind = field[1], field[2]
        local wanted = "scmi." .. PROTOCOLS[protocol] .. "." .. name
        local known = by_type[wanted] or {}
        by_type[wanted] = known
        if not known[kind] then
            local abbreviation = next(known) and wanted .. "_" .. kind or wanted
            local label = name:gsub("_", " ")
            if not MAKERS[kind] then
                known[kind] = ProtoField.string(abbreviation, label)
            else
                local shown = kind:sub(1, 1) == "i" and base.DEC or base.DEC_HEX
                known[kind] = MAKERS[kind](abbreviation, label, shown)
            end
            registered[#registered + 1] = known[kind]
        end
    end
end

for _, protocol in ipairs(MESSAGES) do
    for _, rows in ipairs({ protocol.commands, protocol.delayed, protocol.notifications }) do
        for _, row in ipairs(rows) do
            for _, part in ipairs({ "request", "request_tail", "reply", "reply_tail" }) do
                register(protocol.id, row[part])
            end
            if row.entries then
                register(protocol.id, row.entries.fields)
                for _, longer in ipairs(row.entries.more) do
                    register(protocol.id, longer.fields)
                end
            end
        end
    end
end
scmi.fields = registered

local function bits(word, low, width)
    return math.floor(word / 2 ^ low) % 2 ^ width
end

-- The row of a message at a version; the newest where the version is unknown.
local function find(protocol, type, id, version)
    local kinds =
        { [COMMAND] = "commands", [DELAYED] = "delayed", [NOTIFICATION] = "notifications" }
    local found
    for _, candidate in ipairs(MESSAGES) do
        if candidate.id == protocol then
            for _, row in ipairs(candidate[kinds[type]] or {}) do
                if row.id == id and (version == 0 or row.since <= version) then
                    found = row
                end
            end
        end
    end
    return found
end

local function size_of(layout)
    local size = 0
    for _, field in ipairs(layout) do
        size = size + SIZES[field[2]]
    end
    return size
end

-- Adds the fields of a layout as far as there are bytes; where they end, and their values.
local function add_fields(protocol, layout, tvb, at, tree, said)
    local found = {}
    for _, field in ipairs(layout) do
        local name, kind = field[1], field[2]
        if at + SIZES[kind] > tvb:len() then
            return at, found
        end
        local range = tvb(at, SIZES[kind])
        local proto_field = by_type["scmi." .. PROTOCOLS[protocol] .. "." .. name][kind]
        if kind:sub(1, 4) == "name" then
            found[name] = range:string():match("^[^%z]*")
            tree:add(proto_field, range, found[name])
        else
            local signed, wide = kind:sub(1, 1) == "i", SIZES[kind] == 8
            if wide then
                found[name] = signed and range:le_int64() or range:le_uint64()
            else
                found[name] = signed and range:le_int() or range:le_uint()
            end
            tree:add_le(proto_field, range)
        end
        if said then
            said[#said + 1] = name .. "=" .. tostring(found[name])
        end
        at = at + SIZES[kind]
    end
    return at, found
end

local function goes_on(longer, found)
    for _, condition in ipairs(longer.where) do
        local name, low, width, value = table.unpack(condition)
        if bits(found[name], low, width) ~= value then
            return false
        end
    end
    return true
end

-- Adds up to `count` entries, each a subtree; where they end.
local function add_entries(protocol, entries, count, tvb, at, tree)
    local size = size_of(entries.fields)
    local number = 0
    while number < count and at + size <= tvb:len() do
        local entry = tree:add(own.entry, tvb(at, size)):set_text("Entry " .. number)
        local start, found = at, nil
        at, found = add_fields(protocol, entries.fields, tvb, at, entry)
        for _, longer in ipairs(entries.more) do
            if goes_on(longer, found) then
                at = add_fields(protocol, longer.fields, tvb, at, entry)
            end
        end
        entry:set_len(at - start)
        number = number + 1
    end
    return at, number
end

-- Adds a layout and what follows it: entries that the last field counts, or a tail.
local function add_body(protocol, layout, entries, tail, optional, tvb, at, tree, said)
    local start, found = at, nil
    at, found = add_fields(protocol, layout, tvb, at, tree, said)
    local missing = size_of(layout) - (at - start)
    if missing ~= 0 and (missing ~= optional or at ~= tvb:len()) then
        tree:add_proto_expert_info(short)
    end
    local padding = 0
    if missing == 0 and entries then
        local word = found[layout[#layout][1]]
        local count = bits(word, entries.returned[1], entries.returned[2])
        if entries.triplet and bits(word, entries.triplet[1], entries.triplet[2]) == 1 then
            count = 3
        end
        local number
        at, number = add_entries(protocol, entries, count, tvb, at, tree)
        if number < count then
            tree:add_proto_expert_info(short)
        end
        padding = (-at) % 4 -- what is in front are whole words
    elseif missing == 0 and tail then
        local repeated = { fields = tail, more = {} }
        at = add_entries(protocol, repeated, math.huge, tvb, at, tree)
    end
    if at < tvb:len() then
        tree:add(own.rest, tvb(at))
        if tvb:len() - at ~= padding then
            tree:add_proto_expert_info(long)
        end
    end
end

-- Agent, protocol, message and token → frame and time of the last such request; frames of
-- responses → that request; frames of requests → that of the first response.
local requests, answers, answered

function scmi.init()
    requests, answers, answered = {}, {}, {}
end

local function match(key, pinfo, tree, is_request)
    local number = pinfo.number
    if is_request then
        if not pinfo.visited then
            requests[key] = { number = number, time = pinfo.rel_ts }
        end
        if answered[number] then
            tree:add(own.response_in, answered[number]):set_generated()
        end
        return
    end
    if not pinfo.visited and requests[key] then
        answers[number] = requests[key]
        answered[requests[key].number] = answered[requests[key].number] or number
    end
    local request = answers[number]
    if request then
        local passed = pinfo.rel_ts - request.time
        local seconds = math.floor(passed)
        local rest = math.floor((passed - seconds) * 1e9 + 0.5)
        tree:add(own.request_in, request.number):set_generated()
        tree:add(own.time, NSTime.new(seconds, rest)):set_generated()
    end
end

local function name_of(row, protocol, id)
    local known = PROTOCOLS[protocol] or string.format("protocol 0x%x", protocol)
    return row and row.name or string.format("%s message 0x%x", known, id)
end

function scmi.dissector(tvb, pinfo, tree)
    pinfo.cols.protocol = "SCMI"
    if tvb:len() < PSEUDO + HEADER then
        pinfo.cols.info = "no header"
        tree:add(scmi, tvb()):add_proto_expert_info(short)
        return
    end
    local agent, to_agent = tvb(0, 1):uint(), tvb(1, 1):uint() == 1
    local version, word = tvb(4, 4):le_uint(), tvb(PSEUDO, HEADER):le_uint()
    local id, type, protocol = bits(word, 0, 8), bits(word, 8, 2), bits(word, 10, 8)
    local top = tree:add(scmi, tvb())
    top:add(own.agent, tvb(0, 1))
    top:add(own.direction, tvb(1, 1))
    top:add_le(own.version, tvb(4, 4))
    for _, name in ipairs({ "id", "type", "protocol", "token" }) do
        top:add_le(own[name], tvb(PSEUDO, HEADER))
    end
    local row = find(protocol, type, id, version)
    local name = name_of(row, protocol, id)
    top:add(own.message, tvb(PSEUDO, HEADER), name)
    top:append_text(", " .. name)
    if type ~= NOTIFICATION then
        local key = table.concat({ agent, protocol, id, bits(word, 18, 10) }, " ")
        match(key, pinfo, top, not to_agent)
    end

    local said, at = { name }, PSEUDO + HEADER
    local failed = false
    if to_agent and type ~= NOTIFICATION then
        if tvb:len() < at + STATUS then
            top:add_proto_expert_info(short)
            at = tvb:len()
        else
            local status = tvb(at, STATUS):le_int()
            top:add_le(own.status, tvb(at, STATUS))
            said[2] = STATUSES[status] or tostring(status)
            at = at + STATUS
            failed = status ~= 0 and at == tvb:len()
        end
    end
    if row and not failed then
        if to_agent then
            add_body(protocol, row.reply, row.entries, row.reply_tail, 0, tvb, at, top, said)
        else
            add_body(
                protocol, row.request, nil, row.request_tail, row.optional, tvb, at, top, said)
        end
    elseif at < tvb:len() then
        top:add(own.rest, tvb(at))
    end
    pinfo.cols.src = to_agent and "platform" or "agent " .. agent
    pinfo.cols.dst = to_agent and "agent " .. agent or "platform"
    pinfo.cols.info = table.concat(said, " ")
end

DissectorTable.get("wtap_encap"):add(wtap.USER0, scmi)
