"""NXP's System Manager (imx-sm): its levels of permission, its resources and their ids."""
