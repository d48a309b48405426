"""Identities: how a role of a target proves who it is.

`build_identity` makes one from what a person wrote (`IdentitySpec`); its table BUILDERS has an entry for
each kind. keystoneauth1, openstacksdk and botocore are imported here alone, and only where a kind needs them.
"""

from __future__ import annotations

import collections
import difflib
import re
import threading
import warnings
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeVar

from contract_tests.errors import Unreachable, UsageError
from contract_tests.model.http import Headers
from contract_tests.model.target import IdentitySpec, Tls
from contract_tests.recordings.redaction import USERINFO

DEFAULT_TLS = Tls()
T = TypeVar("T")


class Identity(Protocol):
    """One role's proof. Used by several threads at once."""

    def headers(self) -> Headers:
        """What goes into a request; asks for a token where there is none yet, or where it is about to end.

        UsageError where the credentials are refused, Unreachable where nobody answers.
        """
        ...

    def sign(self, method: str, url: str, headers: Headers, body: bytes | None) -> Headers:
        """What is added to a request that is complete but for it; empty for one that signs nothing."""
        ...

    def secrets(self) -> tuple[str, ...]:
        """Every secret value that this identity has used so far: passwords, tokens."""
        ...

    def endpoint(self, service_type: str) -> str | None:
        """The base URL of that service in the identity's catalog, or None. Errors as above."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Where:
    """What every message about an identity begins with."""

    target: str
    role: str

    def __str__(self) -> str:
        return f"target {self.target!r}, identity {self.role!r}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """How keystoneauth reaches a deployment: TLS, the catalog's region and interface, seconds a request."""

    tls: Tls = DEFAULT_TLS
    region: str = ""
    interface: str = "public"
    timeout: float = 60.0


class StaticIdentity:
    """Headers that never change; `none` is the one without any."""

    def __init__(self, headers: Headers = ()) -> None:
        self._headers = headers

    def headers(self) -> Headers:
        return self._headers

    def sign(self, method: str, url: str, headers: Headers, body: bytes | None) -> Headers:
        return ()

    def secrets(self) -> tuple[str, ...]:
        """The values of headers that are named like a secret, also without their scheme (`Bearer xyz`)."""
        values = [value for name, value in self._headers if _SECRET_NAME.search(name)]
        bare = [value.partition(" ")[2].strip() for value in values]
        return tuple(filter(None, (*values, *bare)))

    def endpoint(self, service_type: str) -> str | None:
        return None


ANONYMOUS = StaticIdentity()

_SECRET_NAME = re.compile(r"token|auth|secret|password|credential|cookie|signature|key", re.IGNORECASE)
_SECRET_OPTION = re.compile(r"password|passcode|secret|token")


@dataclass
class KeystoneIdentity:
    """A keystoneauth plugin. Nothing is sent before the first `headers` or `endpoint`."""

    where: Where
    auth_url: str
    known: tuple[str, ...] = field(repr=False)
    plugin: Any = field(repr=False)
    session: Any = field(repr=False)
    region: str = ""
    interface: str = "public"

    def __post_init__(self) -> None:
        self._tokens: dict[str, None] = {}
        self._lock = threading.Lock()

    def headers(self) -> Headers:
        found = self._ask(lambda: dict(self.plugin.get_headers(self.session) or {}))
        headers = tuple((str(name), str(value)) for name, value in found.items())
        with self._lock:
            self._tokens.update(dict.fromkeys(value for _, value in headers if value))
        return headers

    def sign(self, method: str, url: str, headers: Headers, body: bytes | None) -> Headers:
        return ()

    def secrets(self) -> tuple[str, ...]:
        with self._lock:
            return (*self.known, *self._tokens)

    def endpoint(self, service_type: str) -> str | None:
        from keystoneauth1 import exceptions

        def look_up() -> str | None:
            try:
                found = self.plugin.get_endpoint(
                    self.session,
                    service_type=service_type,
                    interface=self.interface,
                    region_name=self.region or None,
                )
            except exceptions.CatalogException:
                return None
            return str(found).rstrip("/") if found else None

        self.headers()
        return self._ask(look_up)

    def _ask(self, question: Callable[[], T]) -> T:
        from keystoneauth1 import exceptions

        try:
            return question()
        except (exceptions.Unauthorized, exceptions.Forbidden) as error:
            raise UsageError(
                f"{self.where}: {self.auth_url} refused the credentials (HTTP {error.http_status}); "
                "check user, password, project and domains"
            ) from None
        except (exceptions.BadRequest, exceptions.AuthorizationFailure) as error:
            text = self._hidden(" ".join(str(error).split())[:300])
            raise UsageError(
                f"{self.where}: {text} ({self.auth_url}); check the identity's options"
            ) from None
        except (exceptions.ClientException, OSError, ValueError) as error:
            text = self._hidden(" ".join(str(error).split())[:300] or type(error).__name__)
            raise Unreachable(
                f"{self.where}: no token from {self.auth_url}: {text}; is that the Identity service's URL?"
            ) from None

    def _hidden(self, text: str) -> str:
        for secret in self.secrets():
            text = text.replace(secret, "***")
        return USERINFO.sub(r"\1:***@", text)


class AwsIdentity:
    """Signs each request by AWS' signature, version 4, through botocore.

    The signature and its time stand in headers that no recording sees: a request is recorded without them.
    """

    def __init__(self, access_key: str, secret_key: str, region: str, service: str) -> None:
        from botocore.auth import SigV4Auth
        from botocore.credentials import Credentials

        self._secret = secret_key
        self._signatures: collections.deque[str] = collections.deque(maxlen=_SIGNATURES)
        self._signer = SigV4Auth(Credentials(access_key, secret_key), service, region)
        self._lock = threading.Lock()

    def headers(self) -> Headers:
        return ()

    def sign(self, method: str, url: str, headers: Headers, body: bytes | None) -> Headers:
        from botocore.awsrequest import AWSRequest

        signed = [(name, value) for name, value in headers if name.lower() not in _UNSIGNED]
        request = AWSRequest(method=method, url=url, headers=dict(signed), data=body or b"")
        with self._lock:
            self._signer.add_auth(request)
            made = {name: str(request.headers[name]) for name in ("X-Amz-Date", "Authorization")}
            self._signatures.append(made["Authorization"].rpartition("Signature=")[2])
        return tuple(made.items())

    def secrets(self) -> tuple[str, ...]:
        with self._lock:
            return (self._secret, *self._signatures)

    def endpoint(self, service_type: str) -> str | None:
        return None


_SIGNATURES = 64
"""How many of the last signatures are looked for in what is written: one is good for some minutes at most."""

_UNSIGNED = frozenset(("user-agent", "accept-encoding", "connection"))
"""Headers that something on the way may change."""


def build_identity(
    spec: IdentitySpec,
    *,
    target: str = "",
    role: str = "",
    tls: Tls = DEFAULT_TLS,
    region: str = "",
    interface: str = "public",
    timeout: float = 60.0,
) -> Identity:
    """The identity that `spec` describes; nothing is sent yet. `target` and `role` stand in messages.

    UsageError where the kind is unknown, where an option is missing or unknown, or where a package that
    the kind needs is not installed.
    """
    where = Where(target=target, role=role)
    builder = BUILDERS.get(spec.kind)
    if builder is None:
        raise UsageError(
            f"{where}: unknown kind {spec.kind!r}; expected one of {', '.join(BUILDERS)}"
            + _nearest(spec.kind, BUILDERS)
        )
    access = Access(tls=tls, region=region, interface=interface, timeout=timeout)
    return builder(spec.values, where, access)


def identity_for(identities: Mapping[str, Identity], role: str) -> Identity:
    """The identity of `role`.

    `none`, no role, and any role of a target that has no identities at all send nothing.

    UsageError for a role that the target has not: the runner skips such cases before.
    """
    if role in identities:
        return identities[role]
    if role in ("", "none") or not identities:
        return ANONYMOUS
    raise UsageError(
        f"the target has no identity for the role {role!r} (it has {', '.join(identities)}); "
        "add one below 'identities'"
    )


def all_secrets(identities: Mapping[str, Identity]) -> tuple[str, ...]:
    """Every secret value that these identities have used so far, each once."""
    return tuple(dict.fromkeys(secret for one in identities.values() for secret in one.secrets()))


def _none(values: Mapping[str, str], where: Where, access: Access) -> Identity:
    _only(values, (), where)
    return ANONYMOUS


def _token(values: Mapping[str, str], where: Where, access: Access) -> Identity:
    _only(values, ("token", "header"), where)
    _need(values, ("token",), where)
    return StaticIdentity(((values.get("header", "X-Auth-Token"), values["token"]),))


def _headers(values: Mapping[str, str], where: Where, access: Access) -> Identity:
    if not values:
        raise UsageError(f"{where}: kind headers needs at least one header; write NAME: VALUE")
    return StaticIdentity(tuple((name, str(value)) for name, value in values.items()))


def _aws(values: Mapping[str, str], where: Where, access: Access) -> Identity:
    _only(values, ("access_key", "secret_key", "region", "service"), where)
    _need(values, ("access_key", "secret_key"), where)
    try:
        region = values.get("region", access.region or "RegionOne")
        return AwsIdentity(values["access_key"], values["secret_key"], region, values.get("service", "ec2"))
    except ImportError:
        raise UsageError(
            f"{where}: kind aws signs requests through botocore, which is not installed; "
            "pip install 'contract-tests[aws]'"
        ) from None


def _plugin(name: str, needed: tuple[str, ...]) -> Callable[[Mapping[str, str], Where, Access], Identity]:
    """A builder for a keystoneauth plugin; of `needed`, `a|b` means one of the two."""

    def build(values: Mapping[str, str], where: Where, access: Access) -> Identity:
        from keystoneauth1 import exceptions, loading

        values = {key.replace("-", "_"): value for key, value in values.items()}
        loader: Any = loading.get_plugin_loader(name)
        options = loader.get_options()
        _only(values, [option.dest for option in options], where)
        _need(values, needed, where)
        try:
            plugin = loader.load_from_options(**values)
        except exceptions.ClientException as error:
            raise UsageError(f"{where}: {' '.join(str(error).split())}") from None
        return KeystoneIdentity(
            where=where,
            auth_url=_auth_url(values["auth_url"], where),
            known=tuple(str(value) for key, value in values.items() if value and _SECRET_OPTION.search(key)),
            plugin=plugin,
            session=_session(plugin, _verify(access.tls), _cert(access.tls), access.timeout),
            region=access.region,
            interface=access.interface,
        )

    return build


def _cloud(values: Mapping[str, str], where: Where, access: Access) -> Identity:
    """A cloud of clouds.yaml, read as the OpenStack client reads it: environment, secure.yaml, profiles."""
    _only(values, ("cloud",), where)
    _need(values, ("cloud",), where)
    try:
        from openstack import config
        from openstack import exceptions as sdk
    except ImportError:
        raise UsageError(
            f"{where}: kind cloud reads clouds.yaml through openstacksdk, which is not installed; "
            "pip install 'contract-tests[cloud]'"
        ) from None
    from keystoneauth1 import exceptions

    name = values["cloud"]
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of options in clouds.yaml that nobody here uses
            cloud = config.OpenStackConfig().get_one(cloud=name)
            plugin = cloud.get_auth()
    except (sdk.SDKException, exceptions.ClientException, OSError, ValueError) as error:
        raise UsageError(
            f"{where}: cloud {name!r}: {' '.join(str(error).split())[:300]}; "
            "clouds.yaml is looked for here, in ~/.config/openstack, /etc/openstack and OS_CLIENT_CONFIG_FILE"
        ) from None
    verify, cert = cloud.get_requests_verify_args()
    if not access.tls.verify or access.tls.ca:
        verify = _verify(access.tls)
    auth = cloud.config.get("auth") or {}
    return KeystoneIdentity(
        where=where,
        auth_url=_auth_url(str(auth.get("auth_url", "")), where),
        known=tuple(str(value) for key, value in auth.items() if value and _SECRET_OPTION.search(key)),
        plugin=plugin,
        session=_session(plugin, verify, _cert(access.tls) or cert, access.timeout),
        region=access.region or cloud.config.get("region_name") or "",
        interface=access.interface,
    )


BUILDERS: Mapping[str, Callable[[Mapping[str, str], Where, Access], Identity]] = {
    "none": _none,
    "token": _token,
    "headers": _headers,
    "password": _plugin("password", ("auth_url", "username|user_id", "password")),
    "application_credential": _plugin(
        "v3applicationcredential",
        (
            "auth_url",
            "application_credential_id|application_credential_name",
            "application_credential_secret",
        ),
    ),
    "cloud": _cloud,
    "aws": _aws,
}


def _session(plugin: Any, verify: Any, cert: Any, timeout: float) -> Any:
    """A keystoneauth session whose requests .netrc adds nothing to."""
    import requests
    from keystoneauth1.session import Session

    plain = requests.Session()
    plain.auth = lambda prepared: prepared
    return Session(auth=plugin, session=plain, verify=verify, cert=cert, timeout=timeout)


def _auth_url(url: str, where: Where) -> str:
    """UsageError where it holds a password: keystoneauth logs URLs, and sends such a one to nobody."""
    if "@" in url.partition("://")[2].partition("/")[0]:
        raise UsageError(f"{where}: auth_url holds a user name or a password; give them as options")
    return url


def _verify(tls: Tls) -> bool | str:
    return (tls.ca or True) if tls.verify else False


def _cert(tls: Tls) -> str | tuple[str, str] | None:
    return (tls.cert, tls.key) if tls.cert and tls.key else tls.cert or None


def _only(values: Mapping[str, str], allowed: Iterable[str], where: Where) -> None:
    allowed = tuple(allowed)
    for key in values:
        if key not in allowed:
            expected = f"expected {', '.join(allowed)}" if allowed else "this kind has no options"
            raise UsageError(f"{where}: unknown option {key!r}; {expected}{_nearest(key, allowed)}")


def _need(values: Mapping[str, str], needed: Iterable[str], where: Where) -> None:
    for names in needed:
        if not any(values.get(name) for name in names.split("|")):
            raise UsageError(
                f"{where}: the option {names.replace('|', ' or ')} is missing; add it to the identity"
            )


def _nearest(word: str, words: Iterable[str]) -> str:
    near = difflib.get_close_matches(word, list(words), 1)
    return f"; did you mean {near[0]!r}?" if near else ""
