"""A zone signed by ldns-signzone, whose signatures expire soon."""
import glob
import os
import subprocess
import tempfile
import time

TEXT = """$TTL 3600
signed.test. SOA ns.signed.test. hostmaster.signed.test. 1 7200 900 1209600 300
signed.test. NS ns.signed.test.
ns.signed.test. A 192.0.2.54
"""


def signed_zone(expires):
    """The zone signed.test in text; `expires` is a wall time in seconds."""
    when = time.strftime("%Y%m%d%H%M%S", time.gmtime(expires))
    began = time.strftime("%Y%m%d%H%M%S", time.gmtime(expires - 86400))
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "zone")
        with open(path, "w", encoding="ascii") as file:
            file.write(TEXT)
        subprocess.run(["ldns-keygen", "-a", "ECDSAP256SHA256", "-k", "signed.test"], cwd=folder,
                       check=True, stdout=subprocess.DEVNULL)
        key = glob.glob(folder + "/K*.key")[0][:-4]
        subprocess.run(["ldns-signzone", "-e", when, "-i", began, "-o", "signed.test", "-f", path + "+",
                        path, key], cwd=folder, check=True)
        with open(path + "+", encoding="ascii") as file:
            return file.read()
