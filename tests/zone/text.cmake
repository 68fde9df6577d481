# Zones as text.
pharos_unit(notes test_notes.c LINK zone)
pharos_unit(master test_master.c text_records.c LINK zone)
pharos_unit(generate test_generate.c text_records.c LINK zone)
pharos_unit(rdata test_rdata.c text_records.c LINK zone PkgConfig::LDNS)
pharos_unit(reading test_reading.c text_records.c LINK zone)
