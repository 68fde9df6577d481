"""rules.py -- the differences that are let pass, each with a name and its reason

A rule looks at one aspect in which pharosd differs from one peer, and allows it only where it can
tell from the question and the two answers that the difference is the one it's about."""

import compare
import message
import names
import questions

A, NS, CNAME, SOA, AAAA, DNAME, DS, RRSIG, NSEC, NSEC3 = 1, 2, 5, 6, 28, 39, 43, 46, 47, 50
SVCB, HTTPS = 64, 65

RULES = []


class Rule:
    def __init__(self, name, aspects, reason, allows):
        self.name = name
        self.aspects = aspects
        self.reason = reason
        self.allows = allows


def rule(name, aspects, reason):
    def register(allows):
        RULES.append(Rule(name, aspects.split(), reason, allows))
        return allows
    return register


EDE = 15


@rule("cd-copied", "cd", "RFC 4035 3.1.6: CD is copied; NSD and Knot clear it")
def cd_copied(case, ours, theirs, _):
    return ours.flag(message.CD) == case.question.cd and not theirs.flag(message.CD)


@rule("extended-error", "options", "RFC 8914: an EDE may come with any answer, or not")
def extended_error(_case, ours, theirs, _):
    if ours.opt is None or theirs.opt is None:
        return False

    def others(answer):
        return [option for option in answer.opt[3] if option[0] != EDE]
    return others(ours) == others(theirs)


def aliases(answer):
    """Where each alias of an answer leads."""
    return {rr[0]: rr[4] for rr in answer.sets[0] if rr[1] == CNAME}


def chain(case, answer):
    """The names that an answer's aliases pass, from QNAME on; the last is no alias or was passed
    before."""
    leads, passed = aliases(answer), [names.wire(names.lower(case.question.name))]
    while passed[-1] in leads:
        following = leads[passed[-1]]
        if following in passed:
            break
        passed.append(following)
    return passed


def zone_at(case, wire):
    """The zone that answers for a name; for DS at an apex the one above (RFC 4035 3.1.4.1)."""
    name = names.from_wire(wire)
    zone = case.world.zone_of(name)
    if case.question.qtype == DS and zone is not None and names.lower(zone.apex) == name:
        return case.world.zone_of(name[1:]) or zone
    return zone


def known(case, wire):
    """Whether a zone of the world has records at the name."""
    name = names.lower(names.from_wire(wire))
    return any(zone.types_at(name) for zone in case.world.zones)


def only_proof(section):
    return all(rr[1] in (RRSIG, NSEC, NSEC3) for rr in section)


def records_of(answer, owners):
    return {rr for rr in answer.sets[0] if rr[0] in owners and rr[1] == CNAME}


def in_their_sections(answer):
    """Whether each section has only what may be in it."""
    return (all(rr[1] in (NS, SOA, DS, RRSIG, NSEC, NSEC3) for rr in answer.sets[1])
            and all(rr[1] in (A, AAAA, RRSIG) for rr in answer.sets[2]))


@rule("chain-across-zones", "rcode answer authority additional tc",
      "RFC 1034 4.3.2 3a: an alias begins the search anew, in the nearest zone; Knot and BIND "
      "stay in theirs, and stop at its edge")
def chain_across_zones(case, _ours, theirs, _):
    passed = chain(case, case.full)
    zones = [zone_at(case, name) for name in passed]
    for at in range(1, len(passed)):
        if zones[at] is not None and zones[at] is not zones[at - 1]:
            before = passed[:at]
            if not in_their_sections(case.full):
                return False
            return records_of(case.full, before) == records_of(theirs, before)
    return False


@rule("ds-after-alias", "answer authority additional rcode",
      "RFC 4035 3.1.4.1: DS is the parent's, also where an alias leads to the apex of a zone; Knot "
      "and BIND stay in the child")
def ds_after_alias(case, _ours, theirs, _):
    passed, theirs_passed = chain(case, case.full), chain(case, theirs)
    end = names.from_wire(theirs_passed[-1])
    return (case.question.qtype == DS and len(theirs_passed) > 1
            and passed[:len(theirs_passed)] == theirs_passed
            and any(names.lower(zone.apex) == end for zone in case.world.zones))


@rule("alias-loop", "rcode answer authority",
      "RFC 1034 3.6.2: a loop is answered with what it is; BIND adds SERVFAIL, and may leave the "
      "aliases out")
def alias_loop(case, ours, theirs, _):
    leads = aliases(case.full)
    return (chain(case, case.full)[-1] in leads and ours.rcode == 0 and theirs.rcode == 2
            and set(theirs.sets[0]) <= set(case.full.sets[0])
            and (theirs.sets[0] or theirs.flag(message.TC)) and only_proof(theirs.sets[1]))


@rule("chain-cut-short", "rcode answer authority additional tc",
      "RFC 1034 3.6.2: chains are followed, how far is open; pharosd follows 16 aliases, Knot "
      "fewer, and BIND may turn to SERVFAIL")
def chain_cut_short(case, _ours, theirs, _):
    passed, shorter = chain(case, case.full), chain(case, theirs)
    return (len(passed) > 5 and only_proof(theirs.sets[1]) and theirs.rcode in (0, 2)
            and (theirs.flag(message.TC) or len(shorter) > 4)
            and shorter == passed[:len(shorter)]
            and set(theirs.sets[0]) <= set(case.full.sets[0]))


@rule("dname-again", "rcode answer authority additional tc",
      "RFC 6672 3.2: a DNAME applies again to what it made; NSD applies each once, Knot and BIND "
      "give up early")
def dname_again(case, _ours, theirs, _):
    dnames = [rr[0] for rr in case.full.sets[0] if rr[1] == DNAME]
    passed, shorter = chain(case, case.full), chain(case, theirs)
    times = max((sum(name.endswith(owner) and name != owner for name in passed)
                 for owner in dnames), default=0)
    return (times > 1 and shorter == passed[:len(shorter)] and only_proof(theirs.sets[1])
            and set(theirs.sets[0]) <= set(case.full.sets[0]))


@rule("both-truncated", "rcode answer authority additional",
      "RFC 2181 9: of a truncated answer only TC counts; how far an alias was followed differs")
def both_truncated(_case, ours, theirs, _):
    return (ours.flag(message.TC) and theirs.flag(message.TC)
            and {ours.rcode, theirs.rcode} <= {0, 3, 6})


@rule("more-octets", "rcode tc answer authority additional",
      "the case of names is kept, which leaves less to compress: the whole doesn't fit here")
def more_octets(case, ours, theirs, aspect):
    if not ours.flag(message.TC) or theirs.flag(message.TC) or case.full is ours:
        return False
    return (len(case.full.octets) > compare.limit(case.question)
            and (aspect != "rcode" or case.full.rcode == theirs.rcode)
            and case.full.sets[:2] == theirs.sets[:2]
            and not any(known(case, rr[0])
                        for rr in set(theirs.sets[2]) - set(case.full.sets[2])))


@rule("fewer-octets", "tc answer authority additional",
      "what fits here didn't fit there: another compression")
def fewer_octets(case, ours, theirs, _):
    return (theirs.flag(message.TC) and not ours.flag(message.TC)
            and all(set(some) <= set(every) for some, every in zip(theirs.sets, ours.sets)))


def cut_of(answer):
    """The zone cut of a referral, or None."""
    cuts = {rr[0] for rr in answer.sets[1] if rr[1] == NS}
    return names.from_wire(cuts.pop()) if len(cuts) == 1 else None


def in_domain(rr, cut):
    return names.below(names.from_wire(rr[0]), cut)


@rule("more-addresses", "additional",
      "RFC 9471 3.2: in a referral only addresses of in-domain servers are owed; pharosd adds those "
      "of other servers that the zone has")
def more_addresses(case, ours, theirs, _):
    cut = cut_of(ours)
    extra = set(ours.sets[2]) - set(theirs.sets[2])
    return (cut is not None and set(theirs.sets[2]) <= set(ours.sets[2])
            and all(not in_domain(rr, cut) and known(case, rr[0]) for rr in extra))


@rule("apex-addresses", "additional",
      "RFC 1034 4.3.2 6: addresses of the apex's own servers may come with its NS; pharosd and "
      "others send them, BIND with minimal answers doesn't")
def apex_addresses(case, ours, theirs, _):
    servers = {rr[4] for rr in ours.sets[0] if rr[1] == NS}
    extra = set(ours.sets[2]) - set(theirs.sets[2])
    left_out = rrsets_of(set(theirs.sets[2]) - set(ours.sets[2]))
    return (bool(servers) and all(rr[0] in servers and known(case, rr[0]) for rr in extra)
            and all(len(ours.octets) + at_least(rrset) > compare.limit(case.question)
                    for rrset in left_out.values()))


def rrsets_of(records):
    """The RRs of each RRset, by owner and type."""
    found = {}
    for rr in records:
        found.setdefault(rr[:2], []).append(rr)
    return found


def at_least(rrset):
    """The octets that an RRset takes, each owner a pointer."""
    return sum(12 + len(rr[4]) for rr in rrset)


def at_most(rrset):
    """The same with each owner spelt out: where its case is another, it can't be pointed to."""
    return sum(10 + len(rr[0]) + len(rr[4]) for rr in rrset)


def below_dname(case, wire):
    name = names.from_wire(wire)
    return any(zone.has_above(name, "DNAME") for zone in case.world.zones)


@rule("address-below-dname", "additional",
      "RFC 6672 2.4: a DNAME hides what is below it, addresses of servers too; BIND shows them")
def address_below_dname(case, ours, theirs, aspect):
    cut = cut_of(ours)
    hidden = {rr for rr in theirs.sets[2] if below_dname(case, rr[0])}
    # What they show may have taken the room of addresses that we have.
    missing = rrsets_of(set(ours.sets[2]) - set(theirs.sets[2]))
    return (bool(hidden) and set(theirs.sets[2]) - hidden <= set(ours.sets[2])
            and all(known(case, key[0])
                    and (cut is not None and not in_domain(key, cut)
                         or len(theirs.octets) + at_most(rrset) > compare.limit(case.question))
                    for key, rrset in missing.items()))


@rule("any-at-dname", "rcode authority answer additional",
      "RFC 6672 3.2: what a DNAME makes is followed, whatever the type; BIND doesn't with ANY")
def any_at_dname(case, ours, theirs, _):
    return (case.question.qtype == 255 and any(rr[1] == DNAME for rr in theirs.sets[0])
            and set(theirs.sets[0]) <= set(case.full.sets[0]) and only_proof(theirs.sets[1]))


@rule("glue-room", "additional",
      "RFC 9471 3.1 and 3.2: glue of in-domain servers that doesn't fit is TC, that of others is left "
      "out, which is open; NSD and BIND leave out in-domain glue too and stay silent, NSD and Knot "
      "fill the room with glue that they make from wildcards")
def glue_room(case, ours, theirs, _):
    cut, limit = cut_of(ours), compare.limit(case.question)
    if ours.flag(message.TC):
        return len(case.full.octets) > limit and set(theirs.sets[2]) <= set(case.full.sets[2])
    if cut is None:
        return False
    left_out = rrsets_of(set(theirs.sets[2]) - set(ours.sets[2]))
    added = rrsets_of(set(ours.sets[2]) - set(theirs.sets[2]))
    return (all(not known(case, key[0])
                or not in_domain(key, cut) and len(ours.octets) + at_least(rrset) > limit
                for key, rrset in left_out.items())
            and all(known(case, key[0]) and (not in_domain(key, cut) or theirs.flag(message.TC)
                                             or len(theirs.octets) + at_most(rrset) > limit)
                    for key, rrset in added.items()))


@rule("wildcard-glue-too-long", "tc",
      "RFC 4592 2.2.1: Knot makes glue from a wildcard below the cut, and then has no room for "
      "the rest")
def wildcard_glue_too_long(case, ours, theirs, aspect):
    made = [rr for rr in theirs.sets[2] if not known(case, rr[0])]
    return (bool(made) and theirs.flag(message.TC) and not ours.flag(message.TC)
            and glue_room(case, ours, theirs, aspect))


TRANSFERS = (251, 252)


@rule("zone-of-another-seed", "rcode aa authority answer additional",
      "a made-up name met a zone of another seed, one that this peer refuses to load (data below a "
      "DNAME) and so isn't compared with")
def zone_of_another_seed(case, _ours, theirs, _):
    return (theirs.rcode == 2 and not any(theirs.sets)
            and case.world.zone_of(names.lower(case.question.name)) is None)


@rule("transfer-over-udp", "rcode aa authority answer",
      "RFC 5936 4.2, RFC 1995 2: no transfer is given; REFUSED says so, of whatever name")
def transfer(case, ours, _theirs, _aspect):
    return case.question.qtype in TRANSFERS and ours.rcode == 5 and not any(ours.sets)


@rule("meta-type", "rcode aa answer authority additional tc",
      "RFC 6895 3.1: types that are no data; pharosd says FORMERR where they make no question and "
      "NOTIMP else, others look them up or say FORMERR")
def meta_type(case, ours, _theirs, _aspect):
    kind = case.question.qtype
    meta = kind in (0, 41) or 128 <= kind <= 254
    return meta and kind not in TRANSFERS and ours.rcode in (1, 4) and not any(ours.sets)


@rule("class-not-served", "rcode aa answer authority additional tc",
      "RFC 8906 3.1: pharosd refuses classes it doesn't serve, ANY too, for which no answer is "
      "authoritative; others answer ANY from IN or say FORMERR")
def class_not_served(case, ours, _theirs, _aspect):
    return case.question.qclass != 1 and ours.rcode == 5 and not any(ours.sets)


@rule("server-identity", "rcode aa answer",
      "RFC 4892: each server says its own name and version, pharosd with AA; of other types it says "
      "NODATA, NSD and Knot REFUSED")
def server_identity(case, ours, theirs, _):
    if case.question.qclass != 3 or ours.rcode != 0 or not ours.flag(message.AA):
        return False
    asked = case.question.qtype in (16, 255)
    return (names.lower(case.question.name) in questions.CHAOS_NAMES
            and len(ours.sets[0]) == asked and len(theirs.sets[0]) <= asked
            and theirs.rcode == (0 if asked else 5))


def service_targets(answer):
    """Where the SVCB and HTTPS RRs of an answer point to; "." is the owner itself."""
    return {rr[4][2:2 + len(names.wire(names.from_wire(rr[4][2:])))] if rr[4][2] else rr[0]
            for rr in answer.sets[0] if rr[1] in (SVCB, HTTPS)}


@rule("service-addresses", "additional",
      "RFC 9460 4.1: addresses of the target should come with SVCB and HTTPS; Knot repeats the answer "
      "too where it is the target's, NSD and BIND add nothing")
def service_addresses(case, ours, theirs, _):
    targets = service_targets(ours)
    return (bool(targets) and set(theirs.sets[2]) - set(ours.sets[2]) <= set(ours.sets[0])
            and all(rr[0] in targets and rr[1] in (A, AAAA, RRSIG) and known(case, rr[0])
                    for rr in set(ours.sets[2]) - set(theirs.sets[2])))


@rule("ad-clear", "ad", "RFC 4035 3.1.6: an authoritative server hasn't verified, so AD is clear; "
      "BIND sets it for those who ask")
def ad_clear(case, ours, theirs, _):
    return case.question.ad and theirs.flag(message.AD) and not ours.flag(message.AD)


@rule("any-subset", "answer tc authority additional", "RFC 8482 4.1: ANY may get some of the RRsets, whole ones; NSD and "
      "Knot give one, pharosd is set to give all")
def any_subset(case, ours, theirs, _):
    return (case.question.qtype == 255 and theirs.sets[0]
            and set(theirs.sets[0]) <= set(case.full.sets[0])
            and set(theirs.sets[1]) <= set(case.full.sets[1]))


@rule("signatures-unasked", "answer",
      "RFC 4035 3.1, RFC 3225 3: without DO there are no RRSIGs but where they are asked for by "
      "type; BIND adds them to ANY")
def signatures_unasked(case, ours, theirs, _):
    extra = set(theirs.sets[0]) - set(ours.sets[0])
    return (case.question.qtype == 255 and not case.question.dnssec_ok
            and set(ours.sets[0]) <= set(theirs.sets[0]) and all(rr[1] == RRSIG for rr in extra))


@rule("nsec-at-cut", "aa answer authority additional tc",
      "RFC 1034 4.3.2 3b: but for DS a question at a zone cut gets a referral, which has the NSEC "
      "with DO; BIND answers NSEC as the parent's")
def nsec_at_cut(case, ours, theirs, _):
    qname = names.wire(names.lower(case.question.name))
    ours = case.full if ours.flag(message.TC) else ours
    cut = cut_of(ours)
    return (case.question.qtype == NSEC and cut is not None and not ours.sets[0]
            and names.wire(cut) == qname and theirs.rcode == 0 and bool(theirs.sets[0])
            and all(rr[0] == qname and rr[1] in (NSEC, RRSIG) for rr in theirs.sets[0])
            and set(theirs.sets[0]) <= set(ours.sets[0]) | set(ours.sets[1])
            | {rr for rr in theirs.sets[0] if not case.question.dnssec_ok})


@rule("proof-left-out", "tc authority aa",
      "RFC 4035 3.1.1, RFC 2308 3: a proof that doesn't fit sets TC, and so does the SOA; NSD leaves out "
      "one NSEC3, Knot the SOA or all and AA, both without TC")
def proof_left_out(case, ours, theirs, aspect):
    if aspect == "aa" and any(theirs.sets):
        return False
    return (ours.flag(message.TC) and not theirs.flag(message.TC)
            and case.full is not ours and len(case.full.octets) > compare.limit(case.question)
            and theirs.rcode == case.full.rcode and theirs.sets[0] == case.full.sets[0]
            and any(rr[1] in (NSEC, NSEC3, SOA)
                    for rr in set(case.full.sets[1]) - set(theirs.sets[1]))
            and set(theirs.sets[1]) < set(case.full.sets[1]))


@rule("more-proof", "authority tc",
      "RFC 4035 3.1.3.4: that a wildcard which is an empty non-terminal has no data is proved as "
      "for others; Knot and BIND leave that NSEC out")
def more_proof(case, ours, theirs, _):
    extra = set(case.full.sets[1]) - set(theirs.sets[1])
    return (case.question.dnssec_ok and ours.rcode == theirs.rcode == 0
            and set(theirs.sets[1]) <= set(case.full.sets[1])
            and extra and only_proof(extra))


@rule("nsec-at-alias", "answer rcode authority additional aa tc",
      "RFC 4035 2.5 lets NSEC and KEY stand beside a CNAME: where there is none, pharosd and NSD "
      "follow the alias, Knot and BIND say NODATA; NSD says NODATA of NSEC3, which no name has beside "
      "its own hash (RFC 5155 3)")
def nsec_at_alias(case, ours, theirs, _):
    return (case.question.qtype in (24, 25, 30, 46, 47, 50) and theirs.rcode == 0
            and set(theirs.sets[0]) < set(case.full.sets[0])
            and any(rr[1] == CNAME for rr in ours.sets[0]))


@rule("glue-from-wildcard", "additional",
      "RFC 4592 2.2.1: a wildcard below a cut isn't the zone's and makes no glue; NSD and Knot "
      "make some of it")
def glue_from_wildcard(case, ours, theirs, _):
    extra = set(theirs.sets[2]) - set(ours.sets[2])
    return (set(ours.sets[2]) <= set(theirs.sets[2])
            and not any(known(case, rr[0]) for rr in extra))
