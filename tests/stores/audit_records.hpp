#pragma once

#include <algorithm>
#include <chrono>
#include <functional>
#include <string>
#include <vector>

#include "store_under_test.hpp"
#include "stores/audit_verdict.hpp"

namespace tollgate::test {

[[nodiscard]] inline AuditRecord audit_record(const std::string& outcome, const std::string& key = "a", WallTime at = noon) {
    return {.at = at,
            .who = "key_1",
            .what = "charge.create",
            .outcome = outcome,
            .origin = "127.0.0.1",
            .charge_id = id_of(key),
            .request_id = "req_1"};
}

/// Every way to change one field of a record.
[[nodiscard]] inline const std::vector<std::function<void(AuditRecord&)>>& field_changes() {
    static const std::vector<std::function<void(AuditRecord&)>> all{
        [](AuditRecord& record) { record.at += Milliseconds(1); }, [](AuditRecord& record) { record.who = "key_2"; },
        [](AuditRecord& record) { record.what = "charge.read"; },  [](AuditRecord& record) { record.outcome += " "; },
        [](AuditRecord& record) { record.origin.clear(); },        [](AuditRecord& record) { record.charge_id.pop_back(); },
        [](AuditRecord& record) { record.request_id = "REQ_1"; },
    };
    return all;
}

inline const std::string old_key = "the old key of the audit log";
inline const std::string new_key = "the new key of the audit log";

/// What an export shows.
struct Shown {
    std::string chain;
    std::int64_t seq;
    AuditRecord record;
};

inline const std::chrono::sys_days the_day = std::chrono::floor<std::chrono::days>(noon);

/// A day's export; `bad_seq` of the last record that could not be read.
template <class Options>
[[nodiscard]] std::vector<Shown> exported(const Options& options, std::chrono::sys_days day = the_day) {
    std::vector<Shown> all;
    const Result<AuditVerdict> verdict = export_audit(options, day, [&](const AuditEntry& entry) {
        all.push_back({std::string(entry.chain), entry.seq, entry.record});
        return Result<void>();
    });
    if (!verdict || verdict->bad_seq || verdict->records != std::ssize(all)) throw std::runtime_error("the export failed");
    return all;
}

/// What a hostile client may put where it can.
[[nodiscard]] inline std::vector<std::string> hostile_texts() {
    using namespace std::string_literals;
    return {"line\r\nbreak",
            "\"quoted\\\"",
            "with\0zero"s,
            "\xff\xfe no UTF-8",
            "\xe2\x80\xa8",
            "',''); DROP TABLE audit; --",
            std::string(300, 'x') + "\n",
            std::string(255, 'y') + "\xe2\x82\xac",
            std::string(1 << 20, 'z')};
}

/// That the records of hostile texts are kept as they came, up to 256 bytes and whole characters.
inline bool kept_as_it_came(const std::string& kept, const std::string& text) {
    if (text.size() <= 256) return kept == text;
    return text.starts_with(kept) && kept.size() > 252 && kept.size() <= 256 && (text[kept.size()] & 0xc0) != 0x80;
}

}  // namespace tollgate::test
