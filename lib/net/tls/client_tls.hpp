#pragma once

#include <boost/asio/ssl/context.hpp>
#include <memory>
#include <string>

#include "async/runtime.hpp"
#include "core/error.hpp"

namespace tollgate {

/// What every connection outward with TLS shares: TLS 1.2 or newer, and the system's authorities (those of the environment's
/// SSL_CERT_FILE and SSL_CERT_DIR, where set) plus those of `trusted_ca_file`, unless that is empty. Fails with
/// `bad_request` when the file cannot be used.
[[nodiscard]] Result<std::unique_ptr<asio::ssl::context>> make_client_tls(const std::string& trusted_ca_file = "");

/// Before the handshake: the certificate must be a trusted one of this host, a name or an address. A name is asked for as well
/// (RFC 6066 section 3: never an address). `Stream` is an asio::ssl::stream.
template <class Stream>
void expect_host(Stream& stream, const std::string& host);

}  // namespace tollgate

#include <openssl/ssl.h>

#include <boost/asio/ip/address.hpp>
#include <boost/asio/ssl/host_name_verification.hpp>

namespace tollgate {

template <class Stream>
void expect_host(Stream& stream, const std::string& host) {
    stream.set_verify_mode(asio::ssl::verify_peer);
    stream.set_verify_callback(asio::ssl::host_name_verification(host));
    boost::system::error_code is_name;
    asio::ip::make_address(host, is_name);
    if (is_name) SSL_set_tlsext_host_name(stream.native_handle(), host.c_str());
}

}  // namespace tollgate
