#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <optional>
#include <span>

#include "gateway/transactions.hpp"
#include "reconciliation/gateway_report_rows.hpp"

namespace tollgate::reconciliation {
namespace {

constexpr std::array<std::string_view, 7> columns{"id", "reference", "type", "amount", "currency", "status", "created_at"};
constexpr std::string_view mend = "the first line must be id,reference,type,amount,currency,status,created_at";
constexpr std::size_t field_max = 4096;

using Fields = std::array<std::string, columns.size() + 1>;  // the last one: there is one too many

std::optional<std::int64_t> whole_number(std::string_view text) {
    std::int64_t number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    return error == std::errc() && end == text.data() + text.size() ? std::optional(number) : std::nullopt;
}

std::string number(std::size_t value) {
    return std::to_string(value);
}

/// What is wrong with the first line; empty: nothing.
std::string header_problem(std::span<const std::string> header) {
    if (header.size() == 1 && header[0].find_first_of(";\t") != std::string::npos)
        return ": its columns are not separated by commas; " + std::string(mend);
    for (const std::string_view column : columns)
        if (std::ranges::find(header, column) == header.end())
            return ": the column \"" + std::string(column) + "\" is missing; " + std::string(mend);
    if (header.size() > columns.size()) {
        const auto extra = std::ranges::find_if(header, [&](const std::string& name) {
            return std::ranges::find(columns, name) == columns.end() ||
                   std::ranges::find(header, name) != header.begin() + (&name - header.data());
        });
        return ": column " + number(static_cast<std::size_t>(extra - header.begin()) + 1) + " is one too many; " +
               std::string(mend);
    }
    for (std::size_t at = 0; at < columns.size(); ++at)
        if (header[at] != columns[at])
            return ": the column \"" + header[at] + "\" is misplaced as column " + number(at + 1) + "; " + std::string(mend);
    return {};
}

/// RFC 4180, a character at a time.
class CsvRows final : public ReportRows {
public:
    Read read(std::string_view piece, std::vector<GatewayTransaction>& out) override {
        for (const char c : piece) {
            if (!take(c, out)) return std::unexpected(problem_);
            if (c == '\n') ++line_;
        }
        return {};
    }

    Read end(std::vector<GatewayTransaction>& out) override {
        const bool begun = count_ > 0 || state_ != State::begin;
        if (state_ == State::quoted) {
            (void)wrong("the field has no closing quotation mark; the file may be cut off, so fetch it again");
        } else if (!begun || end_row(out)) {
            if (!has_header_) problem_ = " is empty; " + std::string(mend);
        }
        if (!problem_.empty()) return std::unexpected(problem_);
        return {};
    }

private:
    enum class State : std::uint8_t { begin, plain, quoted, after_quote, after_return };

    bool take(char c, std::vector<GatewayTransaction>& out) {
        switch (state_) {
            case State::begin:
                if (c == '"') return go(State::quoted);
                [[fallthrough]];
            case State::plain:
                if (ends_field(c)) return end_field(c, out);
                if (c == '"')
                    return wrong(
                        "a quotation mark stands inside; put the whole field in quotation marks and double those in it");
                return go(State::plain) && add(c);
            case State::quoted:
                return c == '"' ? go(State::after_quote) : add(c);
            case State::after_quote:
                if (c == '"') return go(State::quoted) && add(c);
                if (ends_field(c)) return end_field(c, out);
                return wrong("something stands behind the closing quotation mark; a quotation mark in a field is doubled");
            case State::after_return:
                if (c == '\n') return end_row(out);
                return wrong("a carriage return without a line feed; put the field in quotation marks");
        }
        return false;
    }

    static bool ends_field(char c) noexcept { return c == ',' || c == '\n' || c == '\r'; }

    bool go(State state) noexcept {
        if (state_ == State::begin) field_line_ = line_;
        state_ = state;
        return true;
    }

    bool add(char c) {
        std::string& field = fields_[count_];
        if (field.size() == field_max) return wrong("the field is longer than 4096 bytes; is a quotation mark missing?");
        field += c;
        return true;
    }

    bool end_field(char c, std::vector<GatewayTransaction>& out) {
        if (c == '\n') return end_row(out);
        if (c == '\r') return go(State::after_return);
        go(State::begin);
        if (count_ + 1 == fields_.size()) return columns_wrong("more than 7");
        ++count_;
        if (count_ == columns.size() && has_header_) return columns_wrong("more than 7");
        return true;
    }

    bool end_row(std::vector<GatewayTransaction>& out) {
        const bool blank = count_ == 0 && fields_[0].empty();
        const std::span row(fields_.data(), count_ + 1);
        if (!blank && !(has_header_ ? take_row(row, out) : take_header(row))) return false;
        for (std::string& field : row) field.clear();
        count_ = 0;
        go(State::begin);
        row_line_ = line_ + 1;
        return true;
    }

    bool take_header(std::span<const std::string> header) {
        has_header_ = true;
        const std::string why = header_problem(header);
        if (!why.empty()) problem_ = ", line " + number(row_line_) + why;
        return why.empty();
    }

    bool take_row(std::span<const std::string> row, std::vector<GatewayTransaction>& out) {
        if (row.size() < columns.size()) return columns_wrong(number(row.size()));
        if (is_passed_over(row[2])) return true;
        auto movement = check_transaction({.id = row[0],
                                           .reference = row[1],
                                           .type = row[2],
                                           .amount = whole_number(row[3]),
                                           .currency = row[4],
                                           .status = row[5],
                                           .created_at = row[6]});
        if (movement) {
            out.push_back(std::move(*movement));
            return true;
        }
        problem_ = ", line " + number(row_line_) + ", column " + std::string(movement.error()) + ": it must be " +
                   std::string(must_be(movement.error()));
        return false;
    }

    bool columns_wrong(const std::string& how_many) {
        problem_ = ", line " + number(row_line_) + ": it has " + how_many + (how_many == "1" ? " column" : " columns") +
                   " and not 7; a field that holds a comma stands in quotation marks, and a line that is cut off must be "
                   "fetched again";
        return false;
    }

    /// Of the field that is being read.
    bool wrong(const std::string& why) {
        problem_ = ", line " + number(state_ == State::begin ? line_ : field_line_) + ", column " +
                   (has_header_ ? std::string(columns[count_]) : number(count_ + 1)) + ": " + why;
        return false;
    }

    State state_ = State::begin;
    Fields fields_;
    std::size_t count_ = 0;  // fields of this row that have ended
    std::size_t line_ = 1;
    std::size_t row_line_ = 1;    // where the row began
    std::size_t field_line_ = 1;  // where the field began
    bool has_header_ = false;
    std::string problem_;
};

}  // namespace

std::unique_ptr<ReportRows> csv_rows() {
    return std::make_unique<CsvRows>();
}

}  // namespace tollgate::reconciliation
