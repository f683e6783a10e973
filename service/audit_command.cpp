#include "service/audit_command.hpp"

#include <iostream>

#include "service/ascii_json.hpp"
#include "service/output.hpp"
#include "service/process.hpp"
#include "service/store.hpp"
#include "signing/hmac.hpp"

namespace tollgate {
namespace {

constexpr int exit_failed = 1;
constexpr int exit_broken = 3;

/// "2026-11-22T10:00:00.000Z"; of a time that nobody meant, its number.
std::string time_text(WallTime at) {
    using namespace std::chrono;
    if (at >= sys_days(year(0) / 1 / 1) && at < sys_days(year(10'000) / 1 / 1)) return to_rfc3339(at);
    return std::to_string(at.time_since_epoch().count());
}

/// Where the bad record is, why it is bad, and what it tells.
std::string told(const AuditVerdict& verdict) {
    std::string text = "record " + std::to_string(*verdict.bad_seq);
    if (!verdict.chain.empty()) text += " of chain " + ascii_json(verdict.chain);
    text += ": " + verdict.why;
    if (!verdict.record) return text;
    const AuditRecord& record = *verdict.record;
    text += "; it reads " + time_text(record.at) + " " + ascii_json(record.what) + " " + ascii_json(record.outcome) + " by " +
            ascii_json(record.who);
    if (!record.charge_id.empty()) text += " on " + ascii_json(record.charge_id);
    return text;
}

std::string line_of(const AuditEntry& entry) {
    const AuditRecord& record = entry.record;
    std::string line = "{\"seq\":" + std::to_string(entry.seq);
    const auto add = [&](const char* name, std::string_view text) {
        line.append(",\"").append(name).append("\":");
        append_ascii_json(line, text);
    };
    if (!entry.chain.empty()) add("chain", entry.chain);
    add("at", time_text(record.at));
    add("who", record.who);
    add("what", record.what);
    add("outcome", record.outcome);
    add("origin", record.origin);
    add("charge_id", record.charge_id);
    add("request_id", record.request_id);
    add("hash", hex(entry.hash));
    return line += "}\n";
}

}  // namespace

int verify_audit_log(const Settings& settings) {
    Result<AuditVerdict> verdict = AuditVerdict{};
    {
        ProgressLine line;
        verdict = verify_audit(settings, [&](std::int64_t records) { line.show(std::to_string(records) + " records"); });
    }
    if (!verdict) return say("the audit log could not be checked: " + verdict.error().detail, exit_failed);
    if (verdict->bad_seq) {
        std::cout << "audit chain broken at " << told(*verdict) << std::endl;
        return exit_broken;
    }
    const bool one = verdict->chains == 1;
    std::cout << (one ? "audit chain whole: " : "audit chains whole: ") << verdict->records
              << (verdict->records == 1 ? " record" : " records");
    if (!one) std::cout << " in " << verdict->chains << " chains";
    std::cout << std::endl;
    return 0;
}

int export_audit_log(const Settings& settings, std::chrono::sys_days day, const std::string& file) {
    Output output(file);
    Result<void> written = output.state();
    if (!written) return say(written.error().detail, exit_failed);
    const Result<AuditVerdict> verdict =
        export_audit(settings, day, [&](const AuditEntry& entry) { return output.write(line_of(entry)); });
    if (!verdict) return say("the audit log could not be exported: " + verdict.error().detail, exit_failed);
    if (verdict->bad_seq) {
        if (file.empty()) written = output.finish();
        return say("the audit log could not be exported whole, for " + told(*verdict), exit_broken);
    }
    written = output.finish();
    return written ? 0 : say(written.error().detail, exit_failed);
}

}  // namespace tollgate
