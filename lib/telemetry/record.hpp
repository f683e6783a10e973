#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "telemetry/log.hpp"

/// How a record crosses the queue, and how it becomes a line.
namespace tollgate::log {

/// Message and fields as bytes: what the caller pays for a line. Texts are cut to their bound here.
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

/// Passes every text through; a number that changes becomes a string.
void redact(Record& record, const Redactor& redactor);

/// The line with its line break.
[[nodiscard]] std::string render(const Record& record, Format format);

}  // namespace tollgate::log
