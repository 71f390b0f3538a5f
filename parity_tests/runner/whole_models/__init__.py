"""`make models`: whole models of old Keras, opened by live Keras 3 before and after `convert`."""
