#include "support/stripe/form.hpp"

#include <charconv>

namespace tollgate::test::stripe_api {
namespace {

std::string decoded(std::string_view text) {
    std::string out;
    for (std::size_t i = 0; i < text.size(); ++i) {
        unsigned byte = 0;
        const bool coded = text[i] == '%' && i + 2 < text.size() &&
                           std::from_chars(text.data() + i + 1, text.data() + i + 3, byte, 16).ptr == text.data() + i + 3;
        if (coded) {
            out += static_cast<char>(byte);
            i += 2;
        } else {
            out += text[i] == '+' ? ' ' : text[i];
        }
    }
    return out;
}

/// "expand[0]" and "expand[]" are the same; "metadata[7]" is not an array, but nobody here asks for it.
std::string without_counts(const std::string& name) {
    std::string out;
    for (std::size_t i = 0; i < name.size(); ++i) {
        out += name[i];
        if (name[i] != '[') continue;
        const std::size_t end = name.find_first_not_of("0123456789", i + 1);
        if (end != name.npos && name[end] == ']') i = end - 1;
    }
    return out;
}

}  // namespace

Form Form::decode(std::string_view text) {
    Form form;
    while (!text.empty()) {
        const std::string_view pair = text.substr(0, text.find('&'));
        text.remove_prefix(std::min(text.size(), pair.size() + 1));
        if (pair.empty()) continue;
        const std::size_t equals = pair.find('=');
        const std::string_view value = equals == pair.npos ? std::string_view() : pair.substr(equals + 1);
        form.items_.emplace_back(without_counts(decoded(pair.substr(0, equals))), decoded(value));
    }
    return form;
}

std::optional<std::string> Form::find(std::string_view name) const {
    for (const auto& [key, value] : items_) {
        if (key == name) return value;
    }
    return std::nullopt;
}

std::vector<std::string> Form::all(std::string_view name) const {
    std::vector<std::string> out;
    for (const auto& [key, value] : items_) {
        if (key == name) out.push_back(value);
    }
    return out;
}

std::map<std::string, std::string> Form::under(std::string_view name) const {
    std::map<std::string, std::string> out;
    for (const auto& [key, value] : items_) {
        if (key.starts_with(name) && key.size() > name.size() + 2 && key[name.size()] == '[' && key.ends_with(']'))
            out[key.substr(name.size() + 1, key.size() - name.size() - 2)] = value;
    }
    return out;
}

}  // namespace tollgate::test::stripe_api
