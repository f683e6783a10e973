#pragma once

#include <string>
#include <vector>

#include "stores/ports.hpp"

namespace tollgate::test {

/// Keeps what was written down.
class NotedAudit final : public AuditLog {
public:
    std::vector<AuditRecord> records;

    /// As "who what outcome", of one charge where it is named.
    [[nodiscard]] std::vector<std::string> told(const std::string& charge_id = {}) const {
        std::vector<std::string> lines;
        for (const AuditRecord& one : records) {
            if (charge_id.empty() || one.charge_id == charge_id) lines.push_back(one.who + " " + one.what + " " + one.outcome);
        }
        return lines;
    }

private:
    void keep(AuditRecord record) override { records.push_back(std::move(record)); }
};

}  // namespace tollgate::test
