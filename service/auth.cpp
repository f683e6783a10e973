#include "service/auth.hpp"

#include <algorithm>
#include <cctype>

#include "service/key_hash.hpp"
#include "stores/digest.hpp"

namespace tollgate {
namespace {

constexpr std::size_t key_bytes_max = 256;

/// The token of `Bearer TOKEN`; the scheme without case, at least one space (RFC 9110, 11.4).
std::optional<std::string_view> bearer_token(std::string_view header) {
    constexpr std::string_view scheme = "bearer";
    auto same = [](char a, char b) { return std::tolower(static_cast<unsigned char>(a)) == b; };
    if (header.size() <= scheme.size() || !std::ranges::equal(header.substr(0, scheme.size()), scheme, same))
        return std::nullopt;
    header.remove_prefix(scheme.size());
    auto start = header.find_first_not_of(' ');
    if (start == 0 || start == std::string_view::npos) return std::nullopt;
    return header.substr(start);
}

}  // namespace

Authenticator::Authenticator(const std::vector<AuthKey>& keys) {
    for (const auto& key : keys) {
        auto has = [&](std::string_view scope) { return std::ranges::find(key.scopes, scope) != key.scopes.end(); };
        std::string mark = base32(digest_of({"console", key.id, key.hash}), sizeof(Digest));
        keys_.push_back({key.id, key.hash, std::move(mark), has("charge"), has("metrics"), has("admin")});
    }
}

/// A longer one was never hashed, so it can match nothing; the bound keeps the hashing cheap.
const Authenticator::Key* Authenticator::find(std::string_view presented) const {
    if (presented.size() > key_bytes_max) return nullptr;
    const Key* found = nullptr;
    for (const auto& key : keys_)
        if (matches_key_hash(key.hash, presented)) found = &key;  // no early exit: the time tells nothing
    return found;
}

Result<std::string> Authenticator::check(std::optional<std::string_view> authorization, http::Scope scope) const {
    if (keys_.empty() || scope == http::Scope::none) return std::string("default");
    if (!authorization) return fail(Code::unauthenticated, "An API key is required: send `Authorization: Bearer KEY` once.");
    auto token = bearer_token(*authorization);
    if (!token) return fail(Code::unauthenticated, "The Authorization header must have the form `Bearer KEY`.");
    const Key* key = find(*token);
    if (!key) return fail(Code::unauthenticated, "This API key is not known here.");
    bool allowed = (scope == http::Scope::charge && key->charge) || (scope == http::Scope::admin && key->admin) ||
                   (scope == http::Scope::metrics && (key->metrics || key->admin));
    if (!allowed) return fail(Code::forbidden, "This API key lacks the scope that this route needs.");
    return key->tenant;
}

std::optional<Authenticator::Holder> Authenticator::holder(std::string_view key) const {
    const Key* found = find(key);
    if (found == nullptr) return std::nullopt;
    return Holder{found->tenant, found->mark, found->admin};
}

std::optional<std::string> Authenticator::admin_with(std::string_view mark) const {
    const auto found = std::ranges::find(keys_, mark, &Key::mark);
    if (found == keys_.end() || !found->admin) return std::nullopt;
    return found->tenant;
}

}  // namespace tollgate
