// A report that a gateway gave out as a file: "c" or "j" on the first line, the file behind it. It means the same however it is
// cut into pieces; what is told of it is money; and a plain reader that has all of it at once reads the same.
#include <boost/json.hpp>
#include <optional>

#include "fuzz/support/fuzz.hpp"
#include "gateway/transactions.hpp"
#include "json/strict_json.hpp"
#include "reconciliation/gateway_report_rows.hpp"
#include "redaction/card_number.hpp"

namespace tollgate::fuzz {
namespace {

using reconciliation::ReportRows;
using Rows = std::vector<GatewayTransaction>;
using Line = std::vector<std::string>;

struct Told {
    Rows rows;
    std::string why;  // empty: it was read to its end
};

Told read(ReportRows& reader, const std::vector<std::string_view>& pieces) {
    Told told;
    for (const std::string_view piece : pieces) {
        const auto read = reader.read(piece, told.rows);
        if (!read) return {{}, read.error()};
    }
    const auto ended = reader.end(told.rows);
    if (!ended) return {{}, ended.error()};
    return told;
}

/// One field of RFC 4180 at the front; none: it is none.
std::optional<std::string> take_field(std::string_view& text) {
    std::string field;
    if (!text.starts_with('"')) {
        const auto end = std::min(text.find_first_of(",\r\n\""), text.size());
        field = text.substr(0, end);
        text.remove_prefix(end);
        return text.starts_with('"') ? std::nullopt : std::optional(field);
    }
    for (text.remove_prefix(1);;) {
        const auto end = text.find('"');
        if (end == std::string_view::npos) return std::nullopt;
        field += text.substr(0, end);
        text.remove_prefix(end + 1);
        if (!text.starts_with('"')) break;
        field += '"';
        text.remove_prefix(1);
    }
    return text.empty() || text.find_first_of(",\r\n") == 0 ? std::optional(field) : std::nullopt;
}

/// All lines that hold anything; none: it is no RFC 4180, or a field is too long.
std::optional<std::vector<Line>> lines_of(std::string_view text) {
    std::vector<Line> lines;
    while (!text.empty()) {
        Line line;
        for (;;) {
            auto field = take_field(text);
            if (!field || field->size() > 4096) return std::nullopt;
            line.push_back(std::move(*field));
            if (!text.starts_with(',')) break;
            text.remove_prefix(1);
        }
        if (text.starts_with('\r')) {
            text.remove_prefix(1);
            if (!text.empty() && !text.starts_with('\n')) return std::nullopt;
        }
        if (!text.empty()) text.remove_prefix(1);
        if (line.size() > 1 || !line[0].empty()) lines.push_back(std::move(line));
    }
    return lines;
}

std::optional<std::int64_t> number_in(const std::string& text) {
    if (text.empty() || text.find_first_not_of("0123456789") != std::string::npos) return std::nullopt;
    const std::string digits = text.substr(std::min(text.find_first_not_of('0'), text.size()));
    if (digits.size() > 12) return std::nullopt;
    return digits.empty() ? 0 : std::stoll(digits);
}

/// Adds the row; false: it is none that may stand there.
bool add(const WrittenTransaction& written, Rows& rows) {
    if (reconciliation::is_passed_over(written.type)) return true;
    auto row = check_transaction(written);
    if (row) rows.push_back(std::move(*row));
    return row.has_value();
}

std::optional<Rows> plainly_as_csv(std::string_view text) {
    const auto lines = lines_of(text);
    const Line header{"id", "reference", "type", "amount", "currency", "status", "created_at"};
    if (!lines || lines->empty() || lines->front() != header) return std::nullopt;
    Rows rows;
    for (auto line = lines->begin() + 1; line != lines->end(); ++line) {
        if (line->size() != header.size()) return std::nullopt;
        const Line& is = *line;
        if (!add({is[0], is[1], is[2], number_in(is[3]), is[4], is[5], is[6]}, rows)) return std::nullopt;
    }
    return rows;
}

/// Of one page in strict JSON.
std::optional<Rows> plainly_as_json(const boost::json::object& page) {
    const auto* const data = page.if_contains("data");
    if (data == nullptr || !data->is_array()) return std::nullopt;
    Rows rows;
    for (const boost::json::value& one : data->get_array()) {
        if (!one.is_object()) return std::nullopt;
        const auto text = [&](boost::json::string_view member) -> std::string_view {
            const auto* const value = one.get_object().if_contains(member);
            return value != nullptr && value->is_string() ? std::string_view(value->get_string()) : std::string_view();
        };
        const auto* const reference = one.get_object().if_contains("reference");
        const auto* const amount = one.get_object().if_contains("amount");
        WrittenTransaction written{text("id"),       text("reference"), text("type"),      {},
                                   text("currency"), text("status"),    text("created_at")};
        if (reference != nullptr && !reference->is_null() && !reference->is_string()) written.reference.reset();
        if (amount != nullptr && amount->is_int64()) written.amount = amount->get_int64();
        if (written.created_at.size() > 256) return std::nullopt;  // more than is kept of it
        if (!add(written, rows)) return std::nullopt;
    }
    return rows;
}

bool goes_on(const boost::json::object& page) {
    const auto* const next = page.if_contains("next_cursor");
    return next != nullptr && !next->is_null() && !(next->is_string() && next->get_string().empty());
}

void judge_csv(std::string_view text, const Told& told) {
    const auto plain = plainly_as_csv(text);
    expect(plain.has_value() == told.why.empty(), "a plain reader takes the same files");
    if (plain) expect(*plain == told.rows, "a plain reader reads the same rows");
}

void judge_json(std::string_view text, const Told& told) {
    // What the strict parser takes is one page; of several, and of repeated members that nobody looks at, it knows nothing.
    const auto value = parse_strict_json(text);
    if (!value) return;
    if (!value->is_object()) return expect(!told.why.empty(), "a page is an object");
    const auto plain = plainly_as_json(value->get_object());
    expect((plain.has_value() && !goes_on(value->get_object())) == told.why.empty(), "a plain reader takes the same page");
    if (told.why.empty()) expect(*plain == told.rows, "a plain reader reads the same rows");
}

}  // namespace

void judge(std::string_view input) {
    const std::string_view head = take_line(input);
    if (head != "c" && head != "j") return;
    const auto reader = [&] { return head == "c" ? reconciliation::csv_rows() : reconciliation::json_rows(); };
    const Told told = read(*reader(), {input});
    const Told again = read(*reader(), pieces_of(input));
    // At which byte of what is no UTF-8 the parser stops depends on the cut.
    const auto no_json = [](const Told& one) { return one.why.find("cannot be read as JSON") != std::string::npos; };
    expect(again.why == told.why || (no_json(again) && no_json(told)), "however it is cut, it fails alike");
    expect(again.rows == told.rows, "however it is cut, it means the same");
    expect(!holds_card_number(told.why), "an error quotes no card number");
    for (const GatewayTransaction& one : told.rows) {
        expect(one.amount >= 0 && one.amount <= Money::minor_max && Currency::from_code(one.currency).has_value(),
               "what a report holds is money");
        expect(!holds_card_number(one.id) && !holds_card_number(one.reference), "card numbers are masked");
    }
    return head == "c" ? judge_csv(input, told) : judge_json(input, told);
}

}  // namespace tollgate::fuzz
