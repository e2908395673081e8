/*
 * Keys of no use but here, as ssh-keygen writes them.
 */
#ifndef TEST_KEEPER_KEYS_H
#define TEST_KEEPER_KEYS_H

static const char key_plain[] = "-----BEGIN OPENSSH PRIVATE KEY-----\n"
				"b3BlbnNzaC1rZXktdjEAAAAABG5vbmUAAAAEbm9uZQAAAAAAAAABAAAAMwAAAAtzc2gtZW\n"
				"QyNTUxOQAAACAZblyajj+bYNpfGpl/ka/G6Ukw1i5LQK7TbEBJoJlLHAAAAJCjRKaao0Sm\n"
				"mgAAAAtzc2gtZWQyNTUxOQAAACAZblyajj+bYNpfGpl/ka/G6Ukw1i5LQK7TbEBJoJlLHA\n"
				"AAAEAeIDYrol+w93zHH9QMe31PnLfUSY2zl6W419aJIod+2BluXJqOP5tg2l8amX+Rr8bp\n"
				"STDWLktArtNsQEmgmUscAAAABmNvcnB1cwECAwQFBgc=\n"
				"-----END OPENSSH PRIVATE KEY-----\n";

static const char key_encrypted[] = "-----BEGIN OPENSSH PRIVATE KEY-----\n"
				    "b3BlbnNzaC1rZXktdjEAAAAACmFlczI1Ni1jdHIAAAAGYmNyeXB0AAAAGAAAABD9UK7LOi\n"
				    "9H1egh1iI78YVwAAAAEAAAAAEAAAAzAAAAC3NzaC1lZDI1NTE5AAAAICz7+XdWIURXBfch\n"
				    "DyZRC98QNqz3tN78HcfMCgk1ntKhAAAAkArjBazp3w5DEFFwydLVkhj+flr5uhvjoPnsQG\n"
				    "PBwUI+koZWrAeg5HZuF5jLTPyfN7eKO+PW9zgpKkHqllPUc4rFC8XBBQM89SlVrOEGyHbj\n"
				    "00Uzw40/uXLnGnZ4bwlZGjfxBWayxXq1Duw7GhmM6Pt/CRat6oiU6N3qJMSMdAQvMfdIJh\n"
				    "irwOpmJHArrzG6aQ==\n"
				    "-----END OPENSSH PRIVATE KEY-----\n";

static const char key_ecdsa[] = "-----BEGIN OPENSSH PRIVATE KEY-----\n"
				"b3BlbnNzaC1rZXktdjEAAAAABG5vbmUAAAAEbm9uZQAAAAAAAAABAAAAaAAAABNlY2RzYS\n"
				"1zaGEyLW5pc3RwMjU2AAAACG5pc3RwMjU2AAAAQQTSERMpKI69qKjFIM/LLI78WjmVo7hu\n"
				"au5twBgziE0r0QxR3O5A4Ayhdt/18iN0Eqhuj3BZcy3FUaoPi2qGM1NgAAAAoF+jFfdfox\n"
				"X3AAAAE2VjZHNhLXNoYTItbmlzdHAyNTYAAAAIbmlzdHAyNTYAAABBBNIREykojr2oqMUg\n"
				"z8ssjvxaOZWjuG5q7m3AGDOITSvRDFHc7kDgDKF23/XyI3QSqG6PcFlzLcVRqg+LaoYzU2\n"
				"AAAAAga4JuA5w0BjRRy0TR+L4cGhbn3t2R3MwD4l+lu3GUQrQAAAAGY29ycHVzAQI=\n"
				"-----END OPENSSH PRIVATE KEY-----\n";

static const char key_ecdsa_pem[] = "-----BEGIN EC PRIVATE KEY-----\n"
				    "MHcCAQEEICCmpBkkRY5PO3H3uj8nuJuNWUcj75UItJJwQ+x8NxtUoAoGCCqGSM49\n"
				    "AwEHoUQDQgAEotO5mFSTozDWjv8muvaE/QccK6iM5VTD2NDAIzcs5xsMVvuAmEnQ\n"
				    "hAQ47x8XN+T7kSZoHZI0Wy8GUbXNdt5ixA==\n"
				    "-----END EC PRIVATE KEY-----\n";

#endif
