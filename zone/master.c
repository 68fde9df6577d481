/* master.c -- records of a master file, one after the other */
#include "zone/master.h"

#include "zone/rrtype.h"
#include "zone/ttl.h"
#include "zone/wire.h"

#include <errno.h>
#include <string.h>

_Static_assert(offsetof(struct master, owner_room)
                   == offsetof(struct master, owner) + sizeof(struct name),
               "a name may run on behind the owner while it is read");

void master_init(struct master *master, const struct name *apex, struct notes *notes,
                 const struct master_sink *sink)
{
    memset(master, 0, offsetof(struct master, rdata));
    master->apex = *apex;
    master->origin = *apex;
    master->origin_in_zone = true;
    master->notes = notes;
    master->sink = *sink;
    master->generated_max = UINT64_MAX;
}

/* Makes the mistake recorded a note. */
static void note_mistake(struct master *master)
{
    const struct mistake *mistake = &master->scanner.mistake;
    struct spot spot = scanner_spot(&master->scanner, mistake->at);
    uint32_t width = (uint32_t)mistake->width;
    const char *generated = "";
    if (master->generating != NULL) {
        generated = " (in a record that this line generates)";
        spot = *master->generating;
        width = 1;
    }
    struct note *note =
        notes_add(master->notes, SEVERITY_ERROR, master->file, spot.line, spot.column, width,
                  (const char *)spot.text, spot.len, "%s%s", mistake->message, generated);
    if (mistake->hint[0] != '\0')
        notes_hint(note, "%s", mistake->hint);
    else if (master->generating != NULL)
        notes_hint(note, "it reads: %.*s",
                   (int)(master->scanner.end - master->scanner.record - 1),
                   (const char *)master->scanner.record);
}

static void warn(struct master *master, const struct token *token, const char *message)
{
    const struct spot spot = scanner_spot(&master->scanner, token->at);
    notes_add(master->notes, SEVERITY_WARNING, master->file, spot.line, spot.column,
              (uint32_t)token->len, (const char *)spot.text, spot.len, "%s", message);
}

/* Passes over a record that's wrong, and notes it unless the text ends first. */
static int give_up(struct master *master)
{
    struct scanner *scanner = &master->scanner;
    scanner_skip_record(scanner);
    if (scanner->starved)
        return 0;
    note_mistake(master);
    return notes_full(master->notes) ? -EBADMSG : 0;
}

bool master_in_zone(const struct name *name, const struct name *apex)
{
    if (name->octets < apex->octets)
        return false;
    /* Nearly all names are written in the case of their apex. */
    const size_t tail = (size_t)name->octets - apex->octets;
    if (memcmp(name->wire + tail, apex->wire, apex->octets) != 0)
        return name_at_or_below(name, apex);
    size_t at = 0;
    while (at < tail)
        at += name->wire[at] + 1u;
    return at == tail;
}

static bool refuse_owner(struct master *master, const struct token *token)
{
    char owner[NAME_TEXT_MAX], apex[NAME_TEXT_MAX];
    name_to_text(master->owner.wire, owner);
    name_to_text(master->apex.wire, apex);
    scanner_refuse(&master->scanner, token->at, token->len, "%.100s is outside the zone %.100s",
                   owner, apex);
    /* A name typed in full without its dot got the origin twice; one that got a dot too many has
     * nothing of the zone. */
    if (token->len > 1 && token->at[token->len - 1] == '.')
        scanner_hint(&master->scanner,
                     "a final dot makes a name absolute; without it %.60s is appended", apex);
    return false;
}

static bool read_owner(struct master *master, const struct token *token)
{
    const size_t octets =
        scan_name(&master->scanner, token, &master->origin, "owner", master->owner.wire);
    master->has_owner = true;
    master->owner_refused = octets == 0;
    if (octets == 0)
        return false;
    master->owner.octets = (uint8_t)octets;
    if (master->origin_in_zone && token->at[token->len - 1] != '.')
        return true;
    if (master_in_zone(&master->owner, &master->apex))
        return true;
    master->owner_refused = true;
    return refuse_owner(master, token);
}

/* ------------------------------------------------ TTL, class and type, in RFC 1035's either order */

static bool refuse_word(struct master *master, const struct token *token)
{
    const char *text = (const char *)token->at;
    if (token->len > 0 && token->at[0] >= '0' && token->at[0] <= '9') {
        scanner_refuse(&master->scanner, token->at, token->len,
                       "a TTL or type is expected here, and this is neither");
        if (token->at == master->scanner.record)
            return false;
        return scanner_hint(
            &master->scanner,
            "a TTL is seconds, or units such as 1h30m; does this line lack its type?");
    }
    scanner_refuse(&master->scanner, token->at, token->len, "no such type");
    const char *nearest = notes_nearest(text, token->len, rrtype_mnemonics);
    if (nearest != NULL)
        return scanner_hint(&master->scanner, "did you mean %s?", nearest);
    return scanner_hint(&master->scanner, "types without a name here are written TYPE65280");
}

/* CLASS1 is IN, too (RFC 3597 section 5). */
static bool is_class(const struct token *token, bool *in)
{
    static const char *const others[] = {"ch", "hs", "cs", "any", "none", "chaos", "hesiod"};
    *in = token_is(token, "in") || token_is(token, "class1");
    if (*in)
        return true;
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        /* ANY may be meant as a type; then it's refused as such. */
        if (token_is(token, others[i]) && i != 3)
            return true;
    }
    if (token->len < 6 || token->len > 10 || token->escaped)
        return false;
    const struct token prefix = {.at = token->at, .len = 5, .kind = TOKEN_WORD};
    for (size_t i = 5; i < token->len; i++) {
        if (token->at[i] < '0' || token->at[i] > '9')
            return false;
    }
    return token_is(&prefix, "class");
}

static bool classify_ttl(struct master *master, const struct token *token, uint32_t *ttl)
{
    const enum ttl_error error = ttl_from_text((const char *)token->at, token->len, ttl);
    if (error == TTL_MALFORMED)
        return refuse_word(master, token);
    if (error == TTL_TOO_LARGE || *ttl > TTL_MAX)
        return scanner_refuse(&master->scanner, token->at, token->len,
                              "the TTL is above 2147483647 seconds (RFC 2181 section 8)");
    return true;
}

/* Says what a word between owner and RDATA is. MASTER_WORD_NONE with a mistake recorded: nothing. */
static enum master_word classify(struct master *master, const struct token *token,
                                 uint32_t *value)
{
    bool in;
    uint16_t type;
    if (token->kind == TOKEN_QUOTED) {
        scanner_refuse(&master->scanner, token->at, token->len,
                       "a TTL, class or type is expected here, and not a string");
        return MASTER_WORD_NONE;
    }
    if (token->at[0] >= '0' && token->at[0] <= '9')
        return classify_ttl(master, token, value) ? MASTER_WORD_TTL : MASTER_WORD_NONE;
    if (is_class(token, &in)) {
        if (in)
            return MASTER_WORD_CLASS;
        scanner_refuse(&master->scanner, token->at, token->len, "only class IN is served");
        return MASTER_WORD_NONE;
    }
    if (!rrtype_from_text((const char *)token->at, token->len, &type)) {
        refuse_word(master, token);
        return MASTER_WORD_NONE;
    }
    if (rrtype_is_meta(type)) {
        scanner_refuse(&master->scanner, token->at, token->len, "no zone can hold this type");
        return MASTER_WORD_NONE;
    }
    *value = type;
    return MASTER_WORD_TYPE;
}

/* As classify(), out of what was seen before. */
static inline enum master_word look_up(struct master *master, const struct token *token,
                                       uint32_t *value)
{
    if (token->len > 8 || token->len == 0)
        return classify(master, token, value);
    uint64_t text;
    memcpy(&text, token->at, sizeof text); /* SCANNER_PAD octets follow the text */
    if (token->len < 8) {
        static const uint8_t masks[16] = {255, 255, 255, 255, 255, 255, 255, 255,
                                          0,   0,   0,   0,   0,   0,   0,   0};
        uint64_t mask;
        memcpy(&mask, masks + 8 - token->len, sizeof mask);
        text &= mask;
    }
    struct master_entry *entry =
        &master->words[(text * 0x9e3779b97f4a7c15u) >> 58 & (MASTER_WORDS - 1)];
    if (entry->text == text && entry->word != MASTER_WORD_NONE && token->kind == TOKEN_WORD) {
        *value = entry->value;
        return entry->word;
    }
    const enum master_word word = classify(master, token, value);
    if (word != MASTER_WORD_NONE)
        *entry = (struct master_entry){.text = text, .value = *value, .word = word};
    return word;
}

bool master_read_head(struct master *master, struct token *token, struct master_head *head)
{
    for (;;) {
        if (token_is_end(token))
            return scanner_refuse(&master->scanner, token->at, 1,
                                  "the type of this record is missing");
        uint32_t value = 0;
        switch (look_up(master, token, &value)) {
        case MASTER_WORD_NONE:
            return false;
        case MASTER_WORD_TTL:
            if (head->has_ttl)
                return scanner_refuse(&master->scanner, token->at, token->len,
                                      "a second TTL, where the type is expected");
            head->has_ttl = true;
            head->ttl = value;
            break;
        case MASTER_WORD_CLASS:
            if (head->has_class)
                return scanner_refuse(&master->scanner, token->at, token->len,
                                      "a second class, where the type is expected");
            head->has_class = true;
            break;
        case MASTER_WORD_TYPE:
            head->type = (uint16_t)value;
            head->type_token = *token;
            return true;
        }
        if (scanner_next(&master->scanner, token) == TOKEN_BAD)
            return false;
    }
}

/* RFC 2308 section 4, then RFC 1035 section 5.1; a first SOA without TTL lends its MINIMUM, as BIND
 * has it. */
static bool settle_ttl(struct master *master, struct master_head *head,
                       const struct rdata_text *rdata)
{
    if (head->has_ttl) {
        master->last_ttl = head->ttl;
        master->has_last_ttl = true;
        return true;
    }
    if (master->has_default_ttl) {
        head->ttl = master->default_ttl;
        return true;
    }
    if (master->has_last_ttl) {
        head->ttl = master->last_ttl;
        return true;
    }
    master->has_last_ttl = true; /* once is enough */
    if (head->type == RRTYPE_SOA) {
        head->ttl = wire_get32(rdata->out + rdata->octets - 4) & TTL_MAX;
        master->last_ttl = head->ttl;
        warn(master, &head->type_token,
             "no TTL here and none before: the SOA's MINIMUM is taken");
        return true;
    }
    scanner_refuse(&master->scanner, head->type_token.at, head->type_token.len,
                   "no TTL here and none before");
    return scanner_hint(&master->scanner, "let the file begin with $TTL 3600");
}

static bool read_rest(struct master *master, struct token *token, struct master_head *head,
                      int *err)
{
    if (!master_read_head(master, token, head))
        return false;
    struct rdata_text rdata = {
        .scanner = &master->scanner,
        .origin = &master->origin,
        .out = master->rdata,
        .type = head->type,
        .after = head->type_token.at + head->type_token.len,
    };
    if (!rdata_from_text(&rdata) || !settle_ttl(master, head, &rdata))
        return false;
    if (!master->has_owner)
        return scanner_refuse(&master->scanner, head->first, 1,
                              "this line begins with a blank, but no owner came before it");
    if (master->owner_refused)
        return true;
    const struct place place = {
        .file = master->file_index,
        .line =
            master->generating == NULL ? master->scanner.record_line : master->generating->line,
        .column = (uint32_t)(head->first - master->scanner.record) + 1,
    };
    master->records++;
    *err = master->sink.record(master->sink.context, &master->owner, head->type, head->ttl,
                               rdata.out, (uint16_t)rdata.octets, place);
    return true;
}

int master_read_record(struct master *master)
{
    struct scanner *scanner = &master->scanner;
    scanner_begin(scanner);
    const bool blank = (scanner_class[*scanner->at] & SCANNER_BLANK) != 0;
    struct token token;
    int err = 0;
    if (scanner_next(scanner, &token) == TOKEN_BAD)
        return give_up(master);
    if (token_is_end(&token))
        return 0;

    struct master_head head = {.first = token.at};
    if (!blank && *token.at == '$' && token.kind == TOKEN_WORD)
        return master_directive(master, &token, &err) ? err : give_up(master);
    if (!blank) {
        /* A generated record's or a nested file's place is its own, so the owner stays. */
        if (!read_owner(master, &token) || scanner_next(scanner, &token) == TOKEN_BAD)
            return give_up(master);
    }
    return read_rest(master, &token, &head, &err) ? err : give_up(master);
}

int master_read(struct master *master, size_t low)
{
    struct scanner *scanner = &master->scanner;
    while (scanner->at < scanner->end
           && (scanner->last || (size_t)(scanner->end - scanner->at) >= low)) {
        const int err = master_read_record(master);
        if (err != 0 || scanner->starved)
            return err;
    }
    return 0;
}
