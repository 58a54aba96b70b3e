# In a Debian with sshd: the package's own test, as autopkgtest runs it.
apt-get -q -y -o Dpkg::Use-Pty=0 install /out/deb/nsisolate_*.deb
AUTOPKGTEST_TMP=$(mktemp -d)
export AUTOPKGTEST_TMP
cd /tree
sh packaging/debian/tests/login
