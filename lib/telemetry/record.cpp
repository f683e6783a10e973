#include "telemetry/record.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstring>

#include "redaction/redact.hpp"

namespace tollgate::log {
namespace {

constexpr std::size_t fields_max = 24;

/// A text on the wire: its length in two bytes, then itself.
void put(std::string& out, std::string_view text) {
    std::string_view kept = text.substr(0, lent_bytes_max);
    out += static_cast<char>(kept.size() & 0xff);
    out += static_cast<char>(kept.size() >> 8);
    out += kept;
}

bool take(std::string_view& bytes, std::string& text) {
    if (bytes.size() < 2) return false;
    auto size = static_cast<std::size_t>(static_cast<unsigned char>(bytes[0])) |
                static_cast<std::size_t>(static_cast<unsigned char>(bytes[1])) << 8;
    if (bytes.size() - 2 < size) return false;
    text = bytes.substr(2, size);
    bytes.remove_prefix(2 + size);
    return true;
}

struct PutValue {
    std::string& out;

    void bare(std::string_view text) const {
        out += 'b';
        put(out, text);
    }
    template <class Number>
    void number(Number n) const {
        std::array<char, 32> digits{};
        bare({digits.data(), std::to_chars(digits.data(), digits.data() + digits.size(), n).ptr});
    }
    void operator()(std::string_view text) const {
        out += 't';
        put(out, text);
    }
    void operator()(std::int64_t n) const { number(n); }
    void operator()(double n) const { std::isfinite(n) ? number(n) : (*this)(std::string_view("not a finite number")); }
    void operator()(bool truth) const { bare(truth ? "true" : "false"); }
};

/// The length of the valid UTF-8 sequence at the front, 0 when there is none (RFC 3629, section 4).
std::size_t sequence(std::string_view text) {
    auto byte = [&](std::size_t i) { return i < text.size() ? static_cast<unsigned char>(text[i]) : 0U; };
    auto continues = [&](std::size_t i) { return (byte(i) & 0xC0U) == 0x80U; };
    auto first = byte(0);
    if (first < 0x80) return 1;
    if (first >= 0xC2 && first <= 0xDF) return continues(1) ? 2 : 0;
    if (first >= 0xE0 && first <= 0xEF) {
        if ((first == 0xE0 && byte(1) < 0xA0) || (first == 0xED && byte(1) > 0x9F)) return 0;
        return continues(1) && continues(2) ? 3 : 0;
    }
    if (first >= 0xF0 && first <= 0xF4) {
        if ((first == 0xF0 && byte(1) < 0x90) || (first == 0xF4 && byte(1) > 0x8F)) return 0;
        return continues(1) && continues(2) && continues(3) ? 4 : 0;
    }
    return 0;
}

/// As the inside of a JSON string. U+0085, U+2028 and U+2029 end a line for some readers, so they are escaped as well.
void escape(std::string& out, std::string_view text) {
    constexpr std::string_view hex = "0123456789abcdef";
    while (!text.empty()) {
        auto length = sequence(text);
        auto byte = static_cast<unsigned char>(text.front());
        auto here = text.substr(0, std::max<std::size_t>(length, 1));
        if (length == 0) {
            out += "\\ufffd";
        } else if (here == "\"" || here == "\\") {
            out += '\\';
            out += here;
        } else if (here == "\n") {
            out += "\\n";
        } else if (here == "\r") {
            out += "\\r";
        } else if (here == "\t") {
            out += "\\t";
        } else if (byte < 0x20 || byte == 0x7f) {
            out += "\\u00";
            out += hex[byte >> 4];
            out += hex[byte & 15];
        } else if (length == 2 && byte == 0xC2 && static_cast<unsigned char>(here[1]) < 0xA0) {
            out += "\\u00";  // the C1 controls
            out += hex[static_cast<unsigned char>(here[1]) >> 4];
            out += hex[static_cast<unsigned char>(here[1]) & 15];
        } else if (here == "\u2028") {
            out += "\\u2028";
        } else if (here == "\u2029") {
            out += "\\u2029";
        } else {
            out += here;
        }
        text.remove_prefix(here.size());
    }
}

std::string fit(std::string_view text) {
    constexpr std::size_t only_read = lent_bytes_max - text_bytes_max;
    std::string clean = redact(text);
    // The last bytes of a text that was cut may be the beginning of a card number, which is not known as one.
    const bool was_cut = text.size() >= lent_bytes_max;
    clean.resize(std::min(text_bytes_max, was_cut ? clean.size() - std::min(clean.size(), only_read) : clean.size()));
    return clean;
}

std::string_view level_name(Level level) {
    constexpr std::array<std::string_view, 6> names{"trace", "debug", "info", "warn", "error", "critical"};
    return names[static_cast<std::size_t>(level)];
}

void append_quoted(std::string& out, std::string_view text) {
    out += '"';
    escape(out, text);
    out += '"';
}

/// In text lines only what would blur the fields' borders is quoted.
void append_text(std::string& out, std::string_view text) {
    bool plain = !text.empty() && text.find_first_of(" =\"\\") == std::string_view::npos;
    if (!plain) return append_quoted(out, text);
    escape(out, text);
}

}  // namespace

Level level_from(std::string_view name) noexcept {
    for (auto level : {Level::trace, Level::debug, Level::info, Level::warn, Level::error, Level::critical})
        if (level_name(level) == name) return level;
    return Level::info;
}

void encode(std::string& out, std::string_view message, Fields fields) {
    put(out, message);
    std::size_t count = 0;
    for (const auto& field : fields) {
        if (++count > fields_max) break;
        put(out, field.key);
        std::visit(PutValue{out}, field.value.get());
    }
}

void decode(std::string_view bytes, Record& record) {
    auto rest = bytes;
    if (!take(rest, record.message)) {
        record.message = bytes;
        return;
    }
    while (!rest.empty()) {
        Record::Entry entry;
        if (!take(rest, entry.key) || rest.empty()) return;
        entry.bare = rest.front() == 'b';
        rest.remove_prefix(1);
        if (!take(rest, entry.text)) return;
        record.fields.push_back(std::move(entry));
    }
}

void make_fit(Record& record) {
    record.message = fit(record.message);
    for (auto& field : record.fields) {
        field.key = fit(field.key);
        auto text = fit(field.text);
        field.bare = field.bare && text == field.text;
        field.text = std::move(text);
    }
}

std::string render(const Record& record, Format format) {
    std::string line;
    line.reserve(256);
    if (format == Format::json) {
        line = R"({"time":")" + to_rfc3339(record.time) + R"(","level":")";
        line += level_name(record.level);
        line += R"(","message":)";
        append_quoted(line, record.message);
        for (const auto& field : record.fields) {
            line += ',';
            append_quoted(line, field.key);
            line += ':';
            field.bare ? void(line += field.text) : append_quoted(line, field.text);
        }
        return line + "}\n";
    }
    line = to_rfc3339(record.time) + " ";
    line += level_name(record.level);
    line += ' ';
    escape(line, record.message);
    for (const auto& field : record.fields) {
        line += ' ';
        append_text(line, field.key);
        line += '=';
        append_text(line, field.text);
    }
    return line + "\n";
}

}  // namespace tollgate::log
