# Zones as text: from the octets of a master file to records.
set(zone_text_sources
    directive.c generate.c input.c master.c rdata.c rdata_field.c rdata_ldns.c rdata_number.c
    rdata_text.c reading.c scan_name.c scanner.c sources.c svcb.c ttl.c zonefile.c)
