# Zones as text.
pharos_unit(master test_master.c text_records.c LINK zone)
