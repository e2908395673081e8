#include "control/conf_row.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#define NEAREST_NAME_MAX 48u

/* Edit distance without regard to case; one row of the matrix at a time. */
static unsigned
distance(const char *a, const char *b)
{
	unsigned row[NEAREST_NAME_MAX + 1];
	size_t a_len = strlen(a), b_len = strlen(b);

	if (a_len > NEAREST_NAME_MAX || b_len > NEAREST_NAME_MAX)
		return NEAREST_NAME_MAX;
	for (size_t j = 0; j <= b_len; j++)
		row[j] = (unsigned)j;
	for (size_t i = 1; i <= a_len; i++) {
		unsigned corner = row[0];

		row[0] = (unsigned)i;
		for (size_t j = 1; j <= b_len; j++) {
			bool same = tolower((unsigned char)a[i - 1]) == tolower((unsigned char)b[j - 1]);
			unsigned best = corner + (same ? 0 : 1);

			corner = row[j];
			if (row[j] + 1 < best)
				best = row[j] + 1;
			if (row[j - 1] + 1 < best)
				best = row[j - 1] + 1;
			row[j] = best;
		}
	}
	return row[b_len];
}

bool
conf_nearest_of(const char *list, const char *name, char near[CONF_NEAREST_MAX])
{
	unsigned best_distance = (unsigned)(strlen(name) / 3) + 2;
	bool found = false;

	while (*list != '\0') {
		size_t len = strcspn(list, ",");
		char entry[CONF_NEAREST_MAX];
		unsigned d;

		snprintf(entry, sizeof entry, "%.*s", (int)len, list);
		d = distance(name, entry);
		if (d < best_distance) {
			best_distance = d;
			found = true;
			memcpy(near, entry, sizeof entry);
		}
		list += len + (list[len] == ',');
	}
	return found;
}

const char *
conf_row_nearest(const char *name)
{
	const char *best = NULL;
	unsigned best_distance = (unsigned)(strlen(name) / 3) + 2;

	for (size_t i = 0; i < conf_row_count; i++) {
		unsigned d = distance(name, conf_rows[i].name);

		if (d < best_distance) {
			best_distance = d;
			best = conf_rows[i].name;
		}
	}
	return best;
}
