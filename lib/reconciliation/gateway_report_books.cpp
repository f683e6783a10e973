#include "reconciliation/gateway_report_books.hpp"

#include <algorithm>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <iterator>
#include <map>
#include <utility>

#include "reconciliation/gateway_report.hpp"

namespace tollgate::reconciliation {
namespace {

constexpr std::size_t page_rows = 1000;  // or up to as many more

class FileBooks {
public:
    FileBooks(Executor executor, std::string file) : executor_(std::move(executor)), file_(std::move(file)) {}

    static Task<Result<TransactionPage>> page(std::shared_ptr<FileBooks> books, std::chrono::sys_days day, std::string cursor) {
        if (cursor.empty()) {
            auto opened = GatewayReport::open(books->file_);
            if (!opened) co_return fail(std::move(opened.error()));
            books->passes_[day] = {.report = std::move(*opened)};
        }
        Pass& pass = books->passes_.at(day);
        TransactionPage page;
        while (page.data.size() < page_rows) {
            co_await asio::post(books->executor_, asio::use_awaitable);
            auto rows = pass.report->next();
            if (!rows) co_return fail(std::move(rows.error()));
            if (rows->empty()) co_return page;
            std::ranges::copy_if(*rows, std::back_inserter(page.data), [day](const GatewayTransaction& row) {
                return std::chrono::floor<std::chrono::days>(row.created_at) == day;
            });
        }
        page.next_cursor = std::to_string(++pass.pages);
        co_return page;
    }

private:
    struct Pass {
        std::unique_ptr<GatewayReport> report;
        std::size_t pages = 0;
    };

    const Executor executor_;
    const std::string file_;
    std::map<std::chrono::sys_days, Pass> passes_;
};

}  // namespace

Result<GatewayBooks> books_in(const Runtime& runtime, const std::string& file) {
    const auto opened = GatewayReport::open(file);
    if (!opened) return fail(opened.error());
    return GatewayBooks(
        [books = std::make_shared<FileBooks>(runtime.executor, file)](std::chrono::sys_days day, std::string cursor) {
            return FileBooks::page(books, day, std::move(cursor));
        });
}

}  // namespace tollgate::reconciliation
