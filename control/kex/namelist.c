#include "control/kex/namelist.h"

bool
namelist_valid(struct view list)
{
	size_t name = 0;

	for (size_t i = 0; i < list.len; i++) {
		uint8_t c = list.data[i];

		if (c == ',')
			name = 0;
		else if (c <= ' ' || c > '~' || ++name > NAME_MAX_LEN)
			return false;
	}
	return true;
}

bool
namelist_next(struct view *list, struct view *name)
{
	const uint8_t *comma;

	while (list->len > 0 && list->data[0] == ',') {
		list->data++;
		list->len--;
	}
	if (list->len == 0)
		return false;
	comma = memchr(list->data, ',', list->len);
	name->data = list->data;
	name->len = comma != NULL ? (size_t)(comma - list->data) : list->len;
	list->data += name->len;
	list->len -= name->len;
	if (comma != NULL) {
		list->data++;
		list->len--;
	}
	return true;
}

bool
namelist_has_view(struct view list, struct view wanted)
{
	struct view name;

	while (namelist_next(&list, &name))
		if (view_eq(name, wanted))
			return true;
	return false;
}

bool
namelist_has(struct view list, const char *name)
{
	return namelist_has_view(list, view_str(name));
}
