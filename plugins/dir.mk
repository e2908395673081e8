include plugins/build.mk
