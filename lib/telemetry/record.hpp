#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "telemetry/log.hpp"

/// How a record crosses the queue, and how it becomes a line.
namespace tollgate::log {

/// Of a text in a line.
inline constexpr std::size_t text_bytes_max = 2048;
/// Of a text on its way there. The longer end is only read, so that a card number that is cut in two is not taken for none;
/// it is more than any writing of one takes up.
inline constexpr std::size_t lent_bytes_max = text_bytes_max + 1024;

/// Message and fields as bytes: what the caller pays for a line. Texts are cut to `lent_bytes_max` here.
void encode(std::string& out, std::string_view message, Fields fields);

struct Record {
    WallTime time;
    Level level;
    std::string message;
    struct Entry {
        std::string key;
        std::string text;
        bool bare = false;  // a number or a truth value: JSON without quotes
    };
    std::vector<Entry> fields;
};

/// The inverse of `encode`. Bytes that are none become the message.
void decode(std::string_view bytes, Record& record);

/// Redacts every text and cuts it to its bound; a number that changes becomes a string.
void make_fit(Record& record);

/// The line with its line break.
[[nodiscard]] std::string render(const Record& record, Format format);

}  // namespace tollgate::log
