"""Which device belongs to which agent, in every form a user may say it."""
