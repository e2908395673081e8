/*
 * postern plugin ABI: what a plugin is.
 *
 * A plugin is a shared object that exports exactly one symbol, the constant
 * postern_plugin_v1. The host looks for it in the file before it loads the
 * file, because loading already runs code; afterwards it checks size, version
 * and pointers, and refuses what does not fit.
 *
 * Life of an instance: create, start, (events), stop, destroy. A create or
 * start that fails is followed by nothing, respectively by destroy.
 */
#ifndef POSTERN_PLUGIN_H
#define POSTERN_PLUGIN_H

#include "host.h"

#if defined(__GNUC__)
#define POSTERN_EXPORT __attribute__((visibility("default")))
#else
#define POSTERN_EXPORT
#endif

/* A root struct: one instance, made and owned by the plugin. */
struct postern_plugin {
	uint32_t size;
	uint32_t reserved; /* 0 */
	void *impl;        /* the plugin's own: the host leaves it alone */

	/* Begin to serve: from here on every host interface may be used. Optional:
	 * start, stop and destroy may be NULL. [plugin-thread] */
	int32_t (*start)(struct postern_plugin *plugin);

	/* No more events follow; every channel was told closed before.
	 * [plugin-thread] */
	void (*stop)(struct postern_plugin *plugin);

	/* Release the instance. [plugin-thread] */
	void (*destroy)(struct postern_plugin *plugin);

	/*
	 * The plugin's interface with this id ("postern.subsystem/1"), or NULL.
	 * Valid until destroy is called. [any-thread]
	 */
	const void *(*query)(struct postern_plugin *plugin, struct postern_view id);
};

/* A root struct: the exported entry. */
struct postern_entry {
	uint32_t size;
	uint32_t abi_minor;          /* POSTERN_ABI_MINOR it was built with */
	struct postern_view id;      /* "org.example.files": never changes */
	struct postern_view version; /* for people */

	/*
	 * Make one instance. Host interfaces may be queried, not yet used, except
	 * those that say so. [plugin-thread]
	 */
	int32_t (*create)(const struct postern_host *host, struct postern_plugin **out);
};

#ifdef __cplusplus
extern "C" {
#endif

extern POSTERN_EXPORT const struct postern_entry postern_plugin_v1;

#ifdef __cplusplus
}
#endif

#endif
