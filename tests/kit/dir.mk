CHECK_SCRIPTS += tests/kit/kit.sh
