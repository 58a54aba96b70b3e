# ftp_session.py PORT - alice logs in by FTP, lists, sends and fetches a file by passive connections, and leaves.
import ftplib
import io
import os
import sys

ftp = ftplib.FTP()
ftp.connect("127.0.0.1", int(sys.argv[1]), timeout=float(os.environ["PATIENCE"]))
ftp.login("alice", "isolate")
for turn in range(3):
    ftp.storbinary("STOR sent", io.BytesIO(b"word" * 50000))
    assert "sent" in ftp.nlst(), "the file is not listed"
    got = []
    ftp.retrbinary("RETR sent", got.append)
    assert b"".join(got) == b"word" * 50000, "another file came back"
ftp.delete("sent")
print(ftp.quit())
