#include "stores/sqlite/job.hpp"

#include <boost/asio/post.hpp>
#include <vector>

namespace tollgate::sqlite {

void JobList::push(Job& job) noexcept {
    job.next = nullptr;
    (last_ == nullptr ? first_ : last_->next) = &job;
    last_ = &job;
    ++size_;
}

Job* JobList::pop() noexcept {
    Job* job = first_;
    if (job == nullptr) return nullptr;
    first_ = job->next;
    if (first_ == nullptr) last_ = nullptr;
    --size_;
    return job;
}

JobList JobList::take(std::size_t most) noexcept {
    if (size_ <= most) return std::exchange(*this, {});
    JobList taken;
    while (taken.size() < most) taken.push(*pop());
    return taken;
}

void complete(JobList& jobs) {
    using Handler = asio::any_completion_handler<void()>;
    struct Group {
        Executor executor;
        std::vector<Handler> handlers;
    };
    std::vector<Group> groups;  // one a service thread: a few
    while (Job* job = jobs.pop()) {
        Group* group = nullptr;
        for (Group& known : groups) {
            if (known.executor == job->executor) group = &known;
        }
        if (group == nullptr) {
            group = &groups.emplace_back(job->executor, std::vector<Handler>());
            group->handlers.reserve(jobs.size() + 1);
        }
        group->handlers.push_back(std::move(*job->handler));
    }
    for (Group& group : groups) {
        asio::post(group.executor, [handlers = std::move(group.handlers)]() mutable {
            for (Handler& handler : handlers) std::move(handler)();
        });
    }
}

}  // namespace tollgate::sqlite
