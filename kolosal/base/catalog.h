// Catalog: the named things of one type (learners, metrics, ...), each made by the file that registers it.
//
// A file adds one entry with `void register_<stem>(Catalog<T>&)`; the build lists the folder and writes the manifest that
// calls every such function, so there is no list to keep by hand and no static initialiser.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "kolosal/base/error.h"
#include "kolosal/base/fields.h"

namespace kolosal {

/// One entry: its name, what it is in a sentence, its parameters, and how to make one.
template <class T>
struct CatalogEntry {
  std::string name;
  std::string doc;
  std::vector<std::string> aliases;
  ParameterTable parameters;
  std::function<std::unique_ptr<T>(const Value& parameters)> make;
};

/// Entries in order of name of the registering function; the same in every build.
template <class T>
class Catalog {
 public:
  /// `noun` names what is kept, for messages: "learner".
  explicit Catalog(std::string noun) : noun_(std::move(noun)) {}

  /// Adds an entry. Throws Error(Internal) where the name is taken.
  void add(CatalogEntry<T> entry);

  /// Adds an entry whose objects are made as `Object(Params)` with Params read from a Value and checked.
  template <class Object, Described Params>
  void add(std::string name, std::string doc, std::vector<std::string> aliases = {}) {
    auto make = [name](const Value& value) -> std::unique_ptr<T> {
      Params params{};
      if (!value.is_null()) update_from_value(params, value, name);
      return std::make_unique<Object>(std::move(params));
    };
    add({name, std::move(doc), std::move(aliases), parameter_table<Params>(), std::move(make)});
  }

  /// Adds an entry without parameters.
  template <class Object>
  void add(std::string name, std::string doc, std::vector<std::string> aliases = {}) {
    auto make = [name](const Value& value) -> std::unique_ptr<T> {
      if (!value.is_null() && !value.as_object().empty()) throw Error(ErrorCode::UnknownParameter, "'" + name + "' takes no parameters");
      return std::make_unique<Object>();
    };
    add({std::move(name), std::move(doc), std::move(aliases), {}, std::move(make)});
  }

  /// All entries, in the order in which they were added.
  const std::vector<CatalogEntry<T>>& entries() const { return entries_; }

  /// The entry with this name or alias; nullptr where there is none.
  const CatalogEntry<T>* find(std::string_view name) const;

  /// The entry with this name or alias; throws Error(UnknownName) that suggests the nearest.
  const CatalogEntry<T>& at(std::string_view name) const;

  /// Makes the object called `name` with `parameters` (null: all defaults).
  std::unique_ptr<T> make(std::string_view name, const Value& parameters = {}) const { return at(name).make(parameters); }

  /// The names of all entries, without aliases.
  std::vector<std::string> names() const {
    std::vector<std::string> all;
    for (const CatalogEntry<T>& entry : entries_) all.push_back(entry.name);
    return all;
  }

 private:
  std::string noun_;
  std::vector<CatalogEntry<T>> entries_;
};

template <class T>
void Catalog<T>::add(CatalogEntry<T> entry) {
  if (find(entry.name) != nullptr) throw Error(ErrorCode::Internal, noun_ + " '" + entry.name + "' is registered twice");
  entries_.push_back(std::move(entry));
}

template <class T>
const CatalogEntry<T>* Catalog<T>::find(std::string_view name) const {
  for (const CatalogEntry<T>& entry : entries_) {
    if (entry.name == name) return &entry;
    for (const std::string& alias : entry.aliases)
      if (alias == name) return &entry;
  }
  return nullptr;
}

template <class T>
const CatalogEntry<T>& Catalog<T>::at(std::string_view name) const {
  if (const CatalogEntry<T>* entry = find(name)) return *entry;
  std::vector<std::string> all = names();
  std::string listed;
  for (const std::string& known : all) listed += (listed.empty() ? "" : ", ") + known;
  throw Error(ErrorCode::UnknownName, "there is no " + noun_ + " '" + std::string(name) + "'" + did_you_mean(name, all),
              "Known: " + listed + ".");
}

}  // namespace kolosal
