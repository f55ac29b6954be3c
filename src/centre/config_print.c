/* SPDX-License-Identifier: Apache-2.0 */
#include "centre/config_internal.h"

/* Each line of a comment behind "# ". */
static void put_comment(struct buf *b, const char *indent, const char *comment)
{
    for (const char *at = comment; *at;) {
        size_t len = strcspn(at, "\n");
        buf_printf(b, "%s# %.*s\n", indent, (int)len, at);
        at += len + (at[len] == '\n');
    }
}

static void put_key_comment(struct buf *b, const struct config_key *key, const char *indent)
{
    struct buf type;

    put_comment(b, indent, key->comment);
    buf_init(&type);
    config_type_put(&type, key);
    if (type.failed)
        b->failed = true;
    else if (key->type != CONFIG_TEXT && key->type != CONFIG_PATH && key->type != CONFIG_MAILBOX &&
             key->type != CONFIG_VKEY)
        buf_printf(b, "%s# (%s)\n", indent, buf_text(&type));
    buf_fini(&type);
}

static void put_preset(struct buf *b, const struct config_key *key)
{
    bool list = key->type == CONFIG_ADDRESSES || key->type == CONFIG_NETWORKS;

    if (list)
        buf_putc(b, '[');
    if (!list || *key->preset)
        config_text_put(b, slice_str(key->preset));
    if (list)
        buf_putc(b, ']');
}

static void put_section(struct buf *b, const struct config_section *section,
                        const struct config *config, bool comments)
{
    char name[CONFIG_NAME_TEXT];

    config_section_name(section->id, name);
    if (comments) {
        buf_putc(b, '\n');
        put_comment(b, "", section->comment);
    }
    buf_printf(b, "%s {\n", name);
    for (size_t i = 0; i < config_key_count; i++) {
        if (strcmp(config_keys[i].section, section->id) != 0)
            continue;
        if (comments)
            put_key_comment(b, &config_keys[i], "    ");
        config_key_name(config_keys[i].key, name);
        buf_printf(b, "    %s = ", name);
        if (config)
            config_value_put(b, &config_keys[i], config->home, config);
        else
            put_preset(b, &config_keys[i]);
        buf_putc(b, '\n');
    }
    buf_puts(b, "}\n");
}

static void put_witness(struct buf *b, const struct config_witness *witness)
{
    char name[CONFIG_NAME_TEXT];

    buf_puts(b, "witness ");
    config_text_put(b, slice_str(witness->name));
    buf_puts(b, " {\n");
    for (size_t i = 0; i < config_witness_key_count; i++) {
        config_key_name(config_witness_keys[i].key, name);
        buf_printf(b, "    %s = ", name);
        config_value_put(b, &config_witness_keys[i], "", witness);
        buf_putc(b, '\n');
    }
    buf_puts(b, "}\n");
}

static void put_witness_comment(struct buf *b)
{
    char name[CONFIG_NAME_TEXT];

    buf_puts(b, "\n# Who cosigns the journal's checkpoints, one section each:\n"
                "# witness NAME {\n");
    for (size_t i = 0; i < config_witness_key_count; i++) {
        put_comment(b, "#     ", config_witness_keys[i].comment);
        config_key_name(config_witness_keys[i].key, name);
        buf_printf(b, "#     %s = \"\"\n", name);
    }
    buf_puts(b, "# }\n");
}

void config_put(struct buf *b, const struct config *config, bool comments)
{
    if (comments)
        buf_puts(
            b,
            "# The configuration of tocsin: every key, its meaning, its range. A key that is\n"
            "# left out has its default (tocsin config show --default). \"tocsin config check\"\n"
            "# reads this file and changes nothing. Relative paths begin at its folder.\n");
    for (size_t i = 0; i < config_section_count; i++)
        put_section(b, &config_sections[i], config, comments);
    if (comments)
        put_witness_comment(b);
    for (size_t i = 0; config && i < config->witness_count; i++)
        put_witness(b, &config->witnesses[i]);
}

/* Text for mdoc: backslashes escaped, no line beginning with a control character. */
static void put_roff(struct buf *b, const char *text)
{
    bool fresh = true;

    for (const char *c = text; *c; c++) {
        if (fresh && (*c == '.' || *c == '\''))
            buf_puts(b, "\\&");
        if (*c == '\\')
            buf_puts(b, "\\e");
        else
            buf_putc(b, *c);
        fresh = *c == '\n';
    }
    buf_putc(b, '\n');
}

static void put_manual_key(struct buf *b, const struct config_key *key)
{
    char name[CONFIG_NAME_TEXT];
    struct buf line;

    buf_init(&line);
    config_key_name(key->key, name);
    buf_printf(b, ".It Cm %s Li = Ar value\n", name);
    put_roff(b, key->comment);
    config_type_put(&line, key);
    if (*key->preset) {
        buf_puts(&line, "; default ");
        config_text_put(&line, slice_str(key->preset));
    }
    buf_putc(&line, '.');
    if (line.failed)
        b->failed = true;
    buf_puts(b, ".br\nValue: ");
    put_roff(b, buf_text(&line));
    buf_fini(&line);
}

void config_put_manual(struct buf *b)
{
    char name[CONFIG_NAME_TEXT];

    buf_puts(b, ".\\\" Made by \"tocsin config show --manual\" from src/centre/config_keys.def.\n");
    for (size_t s = 0; s < config_section_count; s++) {
        config_section_name(config_sections[s].id, name);
        buf_printf(b, ".Ss %s\n", name);
        if (*config_sections[s].comment)
            put_roff(b, config_sections[s].comment);
        buf_puts(b, ".Bl -tag -width Ds\n");
        for (size_t i = 0; i < config_key_count; i++)
            if (strcmp(config_keys[i].section, config_sections[s].id) == 0)
                put_manual_key(b, &config_keys[i]);
        buf_puts(b, ".El\n");
    }
    buf_puts(b, ".Ss witness NAME\n.Bl -tag -width Ds\n");
    for (size_t i = 0; i < config_witness_key_count; i++)
        put_manual_key(b, &config_witness_keys[i]);
    buf_puts(b, ".El\n");
}
