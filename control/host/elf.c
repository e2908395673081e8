#include "control/host/elf.h"

#include <elf.h>
#include <string.h>

#if defined(__x86_64__)
#define ELF_MACHINE EM_X86_64
#elif defined(__aarch64__)
#define ELF_MACHINE EM_AARCH64
#else
#error "which ELF machine is this?"
#endif

struct file {
	const uint8_t *data;
	size_t size;
};

/* Copy `len` bytes at `off`; false when they are not there. */
static bool
get(const struct file *f, uint64_t off, void *to, size_t len)
{
	if (off > f->size || len > f->size - off)
		return false;
	memcpy(to, f->data + off, len);
	return true;
}

static bool
get_header(const struct file *f, Elf64_Ehdr *h)
{
	return get(f, 0, h, sizeof(*h)) && memcmp(h->e_ident, ELFMAG, SELFMAG) == 0 &&
	    h->e_ident[EI_CLASS] == ELFCLASS64 && h->e_ident[EI_DATA] == ELFDATA2LSB &&
	    h->e_type == ET_DYN && h->e_machine == ELF_MACHINE && h->e_shentsize == sizeof(Elf64_Shdr);
}

static bool
get_section(const struct file *f, const Elf64_Ehdr *h, uint32_t i, Elf64_Shdr *s)
{
	if (i >= h->e_shnum || h->e_shoff > f->size)
		return false;
	return get(f, h->e_shoff + (uint64_t)i * sizeof(*s), s, sizeof(*s)) && s->sh_offset <= f->size &&
	    s->sh_size <= f->size - s->sh_offset;
}

static bool
name_is(const struct file *f, const Elf64_Shdr *strings, uint32_t at, const char *name)
{
	size_t len = strlen(name) + 1;

	return at < strings->sh_size && len <= strings->sh_size - at &&
	    memcmp(f->data + strings->sh_offset + at, name, len) == 0;
}

static bool
search(const struct file *f, const Elf64_Shdr *symbols, const Elf64_Shdr *strings, const char *name,
    uint64_t least)
{
	uint64_t count = symbols->sh_size / sizeof(Elf64_Sym);
	Elf64_Sym s;
	uint64_t i;

	for (i = 0; i < count; i++) {
		if (!get(f, symbols->sh_offset + i * sizeof(s), &s, sizeof(s)))
			return false;
		if (name_is(f, strings, s.st_name, name))
			return s.st_shndx != SHN_UNDEF && ELF64_ST_TYPE(s.st_info) == STT_OBJECT &&
			    ELF64_ST_BIND(s.st_info) != STB_LOCAL && s.st_size >= least;
	}
	return false;
}

bool
elf_exports(const uint8_t *file, size_t size, const char *name, uint64_t least)
{
	struct file f = { file, size };
	Elf64_Ehdr h;
	Elf64_Shdr symbols, strings;
	uint32_t i;

	if (!get_header(&f, &h))
		return false;
	for (i = 0; i < h.e_shnum; i++) {
		if (!get_section(&f, &h, i, &symbols))
			continue; /* of no size in the file: .bss */
		if (symbols.sh_type != SHT_DYNSYM)
			continue;
		return get_section(&f, &h, symbols.sh_link, &strings) && strings.sh_type == SHT_STRTAB &&
		    search(&f, &symbols, &strings, name, least);
	}
	return false;
}
