/*
 * Looking into a shared object without loading it: dlopen already runs code.
 */
#ifndef POSTERN_CONTROL_HOST_ELF_H
#define POSTERN_CONTROL_HOST_ELF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * elf_exports(file, size, name, least): is this a 64-bit little-endian ELF shared
 * object of this machine whose dynamic symbol table defines the data object
 * `name` with at least `least` bytes? Every offset is checked; anything odd is no.
 */
bool elf_exports(const uint8_t *file, size_t size, const char *name, uint64_t least);

#endif
