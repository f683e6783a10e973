#pragma once

#include <boost/asio/ssl/context.hpp>
#include <memory>
#include <string>

#include "core/error.hpp"

namespace tollgate::http {

/// PEM files.
struct TlsFiles {
    std::string certificate;  // with its chain
    std::string private_key;
    std::string client_ca;  // empty: clients need no certificate
};

/// TLS 1.2 and 1.3, forward secret AEAD suites only, no compression, no renegotiation, ALPN "http/1.1". With a client CA,
/// the handshake fails without a certificate it signed. Fails with `internal`, naming the file and the reason.
[[nodiscard]] Result<std::shared_ptr<boost::asio::ssl::context>> make_server_tls(const TlsFiles& files);

}  // namespace tollgate::http
