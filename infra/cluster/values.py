"""Fresh secrets."""

import secrets
import string
from collections.abc import Sequence
from datetime import timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from common.clock import now
from common.identity import Signer, encode_key

from .errors import ClusterError

_LENGTH = 40
_KEY_LENGTH = 128
_LIFETIME = timedelta(days=825)
"""The longest that browsers take of a certificate that somebody vouches for by hand."""
_ALPHABET = string.ascii_letters + string.digits


def word(length: int = _LENGTH) -> str:
    """Letters and digits, a letter first: a URL needs no escapes for it, and NATS does not take it for a number."""
    return secrets.choice(string.ascii_letters) + "".join(secrets.choice(_ALPHABET) for _ in range(length - 1))


def set_key() -> str:
    """By which the members of a replica set know each other."""
    return word(_KEY_LENGTH)


def signing_key() -> str:
    """An Ed25519 seed, as JWT_PRIVATE_KEY holds it."""
    return encode_key(Ed25519PrivateKey.generate().private_bytes_raw())


def public_key(private: str) -> str:
    """What belongs to it in JWT_PUBLIC_KEYS."""
    try:
        return Signer(private, timedelta()).public_key
    except ValueError as error:
        raise ClusterError(f"JWT_PRIVATE_KEY in the secret jwt-secret cannot be used: {error}.") from None


def certificate(hosts: Sequence[str]) -> dict[str, str]:
    """A certificate that nobody vouches for, good for these names, and its key, as a TLS secret holds them."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, hosts[0])])
    moment = now()
    signed = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(moment - timedelta(hours=1))
        .not_valid_after(moment + _LIFETIME)
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(host) for host in hosts]), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return {"tls.crt": signed.public_bytes(Encoding.PEM).decode(), "tls.key": private.decode()}


def hosts(certificate: str) -> list[str]:
    """The names that a certificate is good for."""
    read = x509.load_pem_x509_certificate(certificate.encode())
    return read.extensions.get_extension_for_class(x509.SubjectAlternativeName).value.get_values_for_type(x509.DNSName)
