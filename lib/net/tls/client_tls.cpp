#include "net/tls/client_tls.hpp"

namespace tollgate {

Result<std::unique_ptr<asio::ssl::context>> make_client_tls(const std::string& trusted_ca_file) {
    auto tls = std::make_unique<asio::ssl::context>(asio::ssl::context::tls_client);
    SSL_CTX_set_min_proto_version(tls->native_handle(), TLS1_2_VERSION);
    boost::system::error_code error;
    tls->set_default_verify_paths(error);
    if (!trusted_ca_file.empty()) tls->load_verify_file(trusted_ca_file, error);
    if (error)
        return fail(Code::bad_request, trusted_ca_file + " holds no certificate that can be trusted: " + error.message());
    return tls;
}

}  // namespace tollgate
