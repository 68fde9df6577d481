# Writes the file INPUT as an array NAME of octets, with NAME_octets, into the C source OUTPUT.
file(READ ${INPUT} octets HEX)
string(REGEX REPLACE "(................................)" "\\1\n" octets "${octets}")
string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," octets "${octets}")
file(WRITE ${OUTPUT}
"#include \"${HEADER}\"

const unsigned char ${NAME}[] = {
${octets}};
const size_t ${NAME}_octets = sizeof(${NAME});
")
