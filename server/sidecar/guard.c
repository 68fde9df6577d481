/* guard.c -- see guard.h */
#include "server/sidecar/guard.h"

const char *guard_answer_to_text(enum guard_answer answer)
{
    static const char *const text[] = {"pending", "granted", "stay"};
    return text[answer];
}

static enum guard_answer stay(struct guard *guard, unsigned badness)
{
    (void)guard;
    (void)badness;
    return GUARD_STAY;
}

static enum guard_answer grant(struct guard *guard, unsigned badness)
{
    (void)guard;
    (void)badness;
    return GUARD_GRANTED;
}

static void nobody(struct guard *guard)
{
    (void)guard;
}

static void nobody_told(struct guard *guard, unsigned badness)
{
    (void)guard;
    (void)badness;
}

static enum guard_return when_clean(struct guard *guard, unsigned badness)
{
    (void)guard;
    (void)badness;
    return GUARD_RETURN_FREE;
}

static struct guard_view alone(const struct guard *guard)
{
    (void)guard;
    return (struct guard_view){0};
}

const struct guard_type guard_stay = {.name = "stay",
                                      .ask = stay,
                                      .cancel = nobody,
                                      .report = nobody_told,
                                      .withdrawn = nobody_told,
                                      .returned = nobody,
                                      .may_return = when_clean,
                                      .view = alone};

const struct guard_type guard_withdraw = {.name = "withdraw",
                                          .ask = grant,
                                          .cancel = nobody,
                                          .report = nobody_told,
                                          .withdrawn = nobody_told,
                                          .returned = nobody,
                                          .may_return = when_clean,
                                          .view = alone};
