#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <boost/json.hpp>
#include <charconv>

#include "payments/problem.hpp"
#include "service/canary.hpp"
#include "service/pages.hpp"
#include "service/process.hpp"
#include "stores/ports.hpp"
#include "telemetry/metrics.hpp"
#include "telemetry/sink.hpp"
#include "webhooks/message.hpp"

namespace tollgate {
namespace {

class KeptRecord final : public AuditLog {
public:
    std::string words;

private:
    void keep(AuditRecord record) override {
        for (const std::string& text :
             {record.who, record.what, record.outcome, record.origin, record.charge_id, record.request_id})
            words += text + "\n";
    }
};

/// What a sink of the log writes in the time of `speak`. A pipe holds more than is said.
std::string logged(log::Format format, const std::function<void(log::LineSink&)>& speak) {
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC) != 0) return {};
    log::LineSink sink({.format = format, .fd = ends[1]});
    speak(sink);
    ::close(ends[1]);
    std::string words;
    std::array<char, 4096> buffer;
    for (ssize_t size = 0; (size = ::read(ends[0], buffer.data(), buffer.size())) > 0;)
        words.append(buffer.data(), static_cast<std::size_t>(size));
    ::close(ends[0]);
    return words;
}

std::string our_line(log::Format format, std::string_view text) {
    std::int64_t number = 0;
    const bool is_number = std::from_chars(text.data(), text.data() + text.size(), number).ptr == text.data() + text.size();
    std::string record;
    log::encode(record, text, {{text, text}, {"number", is_number ? log::Value(number) : log::Value(text)}});
    return logged(format, [&](log::LineSink& sink) {
        sink.log({spdlog::string_view_t(log::logger_name.data(), log::logger_name.size()), spdlog::level::info,
                  spdlog::string_view_t(record.data(), record.size())});
    });
}

std::string line_of_a_library(std::string_view text) {
    return logged(log::Format::text, [&](log::LineSink& sink) {
        sink.log({spdlog::string_view_t(), spdlog::level::warn, spdlog::string_view_t(text.data(), text.size())});
    });
}

std::string problem(std::string_view text) {
    const std::string words(text);
    return to_json(Problem{.error = {Code::validation_failed, words}, .instance = "/" + words, .errors = {{words, words}}});
}

std::string audited(std::string_view text) {
    const std::string words(text);
    KeptRecord log;
    log.append({.who = words, .what = words, .outcome = words, .origin = words, .charge_id = words, .request_id = words});
    return log.words;
}

std::string measured(std::string_view text) {
    Metrics metrics;
    metrics.counter("canary_total", "Sings.", {{"label", std::string(text)}}).add();
    metrics.observe("canary", std::chrono::seconds(1), text);
    return metrics.text();
}

std::string paged(std::string_view text) {
    return to_json(Page{"dead_letter", "critical", std::string(text), std::string(text)}, WallTime());
}

std::string archived(std::string_view text) {
    const boost::json::string words(text);
    const auto body = boost::json::serialize(
        boost::json::object{{"id", words}, {"type", words}, {"data", boost::json::object{{words, words}}}});
    webhooks::Source source;
    source.scheme = webhooks::Scheme::stripe;
    const auto events = webhooks::read(source, body, WallTime());
    if (!events || events->empty()) return {};
    const Event& event = events->front();
    return event.name + "\n" + event.type + "\n" + event.body;
}

}  // namespace

std::vector<Sink> every_sink() {
    return {{"the log (json)", [](std::string_view text) { return our_line(log::Format::json, text); }},
            {"the log (text)", [](std::string_view text) { return our_line(log::Format::text, text); }},
            {"the log of a library", line_of_a_library},
            {"a problem's body", problem},
            {"the audit log", audited},
            {"a metric's label", measured},
            {"a page", paged},
            {"the archive of webhooks", archived},
            {"a sentence on standard error", in_last_words}};
}

}  // namespace tollgate
