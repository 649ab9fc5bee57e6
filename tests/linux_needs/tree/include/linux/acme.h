int acme_register(struct device *dev);
