/* libzip (Baron & Klausner), which reads and writes zip archives for io/archive.c and io/npz.c. */
#include "zip.h"
#include "library.h"
#include <stdio.h>

nl_zip_functions nl_zip;

#define ENTRY(name, member) \
  { "zip_" name, offsetof(nl_zip_functions, member), false }

static const nl_symbol symbols[] = {
    ENTRY("libzip_version", version),
    ENTRY("open", open),
    ENTRY("fdopen", fdopen),
    ENTRY("close", close),
    ENTRY("discard", discard),
    ENTRY("get_error", get_error),
    ENTRY("error_code_zip", error_code),
    ENTRY("error_init_with_code", error_init),
    ENTRY("error_strerror", error_text),
    ENTRY("error_fini", error_fini),
    ENTRY("register_cancel_callback_with_state", on_cancel),
    ENTRY("get_num_entries", count),
    ENTRY("stat_index", facts),
    ENTRY("get_name", name),
    ENTRY("file_get_external_attributes", get_attributes),
    ENTRY("name_locate", locate),
    ENTRY("fopen_index", open_entry),
    ENTRY("fread", read),
    ENTRY("file_strerror", entry_error),
    ENTRY("fclose", close_entry),
    ENTRY("source_buffer_fragment", source),
    ENTRY("source_free", free_source),
    ENTRY("file_add", add),
    ENTRY("set_file_compression", compress),
    ENTRY("file_set_dostime", set_time),
    ENTRY("file_set_external_attributes", set_attributes),
    {NULL, 0, false},
};

static void describe(nl_external *out) {
  snprintf(out->version, sizeof out->version, "%s", nl_zip.version());
}

/* libzip.so.5 is what it is called outside of Debian */
static const char *const candidates[] = {"libzip.so.4", "libzip.so.5", NULL};

nl_library nl_library_libzip = {
    .name = "libzip",
    .candidates = candidates,
    .symbols = symbols,
    .table = &nl_zip,
    .describe = describe,
    .needed_for = "nl.load and nl.save of .npz, numlab pack, numlab verify",
    .cost = ".npz archives cannot be read or written (.npy files can), nor what is "
            "handed in be packed",
    .package = "libzip4",
};
