#include "service/http/tls.hpp"

#include <openssl/ssl.h>

#include <array>
#include <string_view>

namespace tollgate::http {
namespace {

namespace ssl = boost::asio::ssl;
using boost::system::error_code;

int select_http11(SSL*, const unsigned char** out, unsigned char* out_size, const unsigned char* offered, unsigned offered_size,
                  void*) {
    static constexpr std::array<unsigned char, 9> ours = {8, 'h', 't', 't', 'p', '/', '1', '.', '1'};
    unsigned char* chosen = nullptr;
    if (SSL_select_next_proto(&chosen, out_size, ours.data(), ours.size(), offered, offered_size) != OPENSSL_NPN_NEGOTIATED)
        return SSL_TLSEXT_ERR_ALERT_FATAL;
    *out = chosen;
    return SSL_TLSEXT_ERR_OK;
}

std::unexpected<PaymentError> unusable(std::string_view what, const std::string& file, const error_code& ec) {
    return fail(Code::internal, std::string(what) + " " + file + " cannot be used: " + ec.message() + ".");
}

}  // namespace

Result<std::shared_ptr<ssl::context>> make_server_tls(const TlsFiles& files) {
    auto context = std::make_shared<ssl::context>(ssl::context::tls_server);
    SSL_CTX* const native = context->native_handle();
    SSL_CTX_set_min_proto_version(native, TLS1_2_VERSION);
    SSL_CTX_set_options(native, SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION | SSL_OP_CIPHER_SERVER_PREFERENCE);
    SSL_CTX_set_mode(native, SSL_MODE_RELEASE_BUFFERS);
    SSL_CTX_set_cipher_list(native, "ECDHE+AESGCM:ECDHE+CHACHA20");
    SSL_CTX_set_alpn_select_cb(native, select_http11, nullptr);

    error_code ec;
    context->use_certificate_chain_file(files.certificate, ec);
    if (ec) return unusable("The TLS certificate", files.certificate, ec);
    context->use_private_key_file(files.private_key, ssl::context::pem, ec);
    if (ec) return unusable("The TLS private key", files.private_key, ec);
    if (SSL_CTX_check_private_key(native) != 1)
        return fail(Code::internal, "The TLS private key " + files.private_key + " does not belong to the certificate " +
                                        files.certificate + ".");

    if (!files.client_ca.empty()) {
        context->load_verify_file(files.client_ca, ec);
        if (ec) return unusable("The TLS client CA", files.client_ca, ec);
        SSL_CTX_set_client_CA_list(native, SSL_load_client_CA_file(files.client_ca.c_str()));
        context->set_verify_mode(ssl::verify_peer | ssl::verify_fail_if_no_peer_cert, ec);
        static constexpr std::array<unsigned char, 8> session_name = {'t', 'o', 'l', 'l', 'g', 'a', 't', 'e'};
        SSL_CTX_set_session_id_context(native, session_name.data(), session_name.size());  // without it resumption fails
    }
    return context;
}

}  // namespace tollgate::http
