#pragma once

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <unistd.h>

#include <atomic>
#include <cstdio>
#include <filesystem>
#include <string>

namespace tollgate::test {

/// A certificate that signs itself, for one host, and the server side that shows it.
class TestCertificate {
public:
    explicit TestCertificate(const std::string& subject_alt_name, long valid_seconds = 3600) {
        key_ = EVP_EC_gen("P-256");
        certificate_ = X509_new();
        X509_set_version(certificate_, X509_VERSION_3);
        ASN1_INTEGER_set(X509_get_serialNumber(certificate_), 1);
        X509_gmtime_adj(X509_getm_notBefore(certificate_), -7200);
        X509_gmtime_adj(X509_getm_notAfter(certificate_), valid_seconds);
        X509_NAME* const name = X509_get_subject_name(certificate_);
        X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, reinterpret_cast<const unsigned char*>("test"), -1, -1, 0);
        X509_set_issuer_name(certificate_, name);
        X509_set_pubkey(certificate_, key_);
        add(NID_subject_alt_name, subject_alt_name);
        add(NID_basic_constraints, "critical,CA:TRUE");
        X509_sign(certificate_, key_, EVP_sha256());

        file_ = std::filesystem::temp_directory_path() /
                ("tollgate-ca-" + std::to_string(::getpid()) + "-" + std::to_string(++made_) + ".pem");
        std::FILE* const out = std::fopen(file_.c_str(), "w");
        PEM_write_X509(out, certificate_);
        std::fclose(out);
        context_ = SSL_CTX_new(TLS_server_method());
        SSL_CTX_use_certificate(context_, certificate_);
        SSL_CTX_use_PrivateKey(context_, key_);
    }
    TestCertificate(const TestCertificate&) = delete;
    TestCertificate& operator=(const TestCertificate&) = delete;
    ~TestCertificate() {
        std::filesystem::remove(file_);
        SSL_CTX_free(context_);
        X509_free(certificate_);
        EVP_PKEY_free(key_);
    }

    [[nodiscard]] SSL_CTX* server() const noexcept { return context_; }
    [[nodiscard]] std::string file() const { return file_.string(); }

private:
    void add(int nid, const std::string& value) {
        X509_EXTENSION* const extension = X509V3_EXT_conf_nid(nullptr, nullptr, nid, value.c_str());
        X509_add_ext(certificate_, extension, -1);
        X509_EXTENSION_free(extension);
    }

    inline static std::atomic<int> made_ = 0;
    EVP_PKEY* key_;
    X509* certificate_;
    SSL_CTX* context_;
    std::filesystem::path file_;
};

}  // namespace tollgate::test
