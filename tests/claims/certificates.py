"""Certificates made for a test: a root, and what it has signed, good or wrong in one way."""

import datetime
import ipaddress
import ssl
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

_DAY = datetime.timedelta(days=1)


@dataclass(frozen=True)
class Authority:
    """A root that signs certificates, and the folder that they are kept in."""

    folder: Path
    key: ec.EllipticCurvePrivateKey
    certificate: x509.Certificate

    @classmethod
    def make(cls, folder: Path, name: str = "A test's root") -> "Authority":
        folder.mkdir(parents=True, exist_ok=True)
        key = ec.generate_private_key(ec.SECP256R1())
        made = _sign(name, None, key, key, name, (-1, 30), is_root=True)
        authority = cls(folder, key, made)
        authority.file.write_bytes(made.public_bytes(serialization.Encoding.PEM))
        return authority

    @property
    def file(self) -> Path:
        """The root, as SSL_CERT_FILE takes it."""
        return self.folder / "root.pem"

    def serve(
        self,
        host: str = "127.0.0.1",
        *,
        days: tuple[int, int] = (-1, 30),
        signs_itself: bool = False,
    ) -> ssl.SSLContext:
        """Return the context of a server of that name, whose certificate is good on these days."""
        key = ec.generate_private_key(ec.SECP256R1())
        signer, issuer = (key, host) if signs_itself else (self.key, None)
        root = self.certificate.subject.rfc4514_string().removeprefix("CN=")
        made = _sign(host, host, key, signer, issuer or root, days)
        file = self.folder / f"server-{made.serial_number}.pem"
        private = key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        file.write_bytes(private + made.public_bytes(serialization.Encoding.PEM))
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(file)
        return context


def _sign(
    name: str,
    host: str | None,
    key: ec.EllipticCurvePrivateKey,
    signer: ec.EllipticCurvePrivateKey,
    issuer: str,
    days: tuple[int, int],
    *,
    is_root: bool = False,
) -> x509.Certificate:
    now = datetime.datetime.now(datetime.UTC)
    built = (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]))
        .issuer_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, issuer)]))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now + days[0] * _DAY)
        .not_valid_after(now + days[1] * _DAY)
        .add_extension(x509.BasicConstraints(ca=is_root, path_length=None), critical=True)
    )
    if host is not None:
        try:
            named: x509.GeneralName = x509.IPAddress(ipaddress.ip_address(host))
        except ValueError:
            named = x509.DNSName(host)
        built = built.add_extension(x509.SubjectAlternativeName([named]), critical=False)
    return built.sign(signer, hashes.SHA256())
