// Array: numbers in 64-byte aligned memory or in a mapped file, copied only when a shared one is written to.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <type_traits>
#include <utility>

#include "kolosal/base/value.h"

namespace kolosal {

/// Gives back to the system the memory of large arrays that are gone, which is otherwise kept (up to 128 MiB) for the next ones. For when
/// memory is short.
void release_idle_arrays() noexcept;

/// Bytes that an Array shares: memory of its own, or private pages of a file.
class ArrayBytes {
 public:
  ArrayBytes() = default;
  /// `size` bytes that hold whatever was there, aligned to 64. Throws Error(OutOfMemory).
  static ArrayBytes unset(size_t size);
  /// `size` zero bytes, aligned to 64. Throws Error(OutOfMemory).
  static ArrayBytes zeros(size_t size);
  /// `size` bytes of a file from `offset` on. Pages are read when touched and copied when written; the file never changes.
  /// Throws Error(Io), and Error(BadFile) where the file is too short.
  static ArrayBytes map(const std::string& path, size_t offset, size_t size);

  /// How many bytes there are.
  size_t size() const noexcept { return size_; }
  /// The first byte, for reading; null where there is none.
  const std::byte* begin() const noexcept { return start_; }
  /// The bytes for writing; where another ArrayBytes shares them, they are copied first. Throws Error(OutOfMemory).
  std::byte* begin_writing();
  /// What keeps the bytes alive.
  const std::shared_ptr<void>& owner() const noexcept { return owner_; }

 private:
  std::shared_ptr<void> owner_;
  std::byte* start_ = nullptr;
  size_t size_ = 0;
};

/// `size()` elements. Copies share the memory until one of them is written to.
template <class T>
requires std::is_trivially_copyable_v<T>
class Array {
 public:
  Array() = default;
  /// `n` zeros. Throws Error(OutOfMemory).
  explicit Array(size_t n) : bytes_(ArrayBytes::zeros(byte_size(n))) {}
  /// `n` elements that hold whatever was there. Throws Error(OutOfMemory).
  static Array unset(size_t n) {
    Array array;
    array.bytes_ = ArrayBytes::unset(byte_size(n));
    return array;
  }
  /// A copy of `elements`.
  static Array from(std::span<const T> elements) {
    Array array(elements.size());
    T* to = array.write().data();
    for (const T& element : elements) *to++ = element;
    return array;
  }
  /// `n` elements of a file, from byte `offset` on, which has to suit the alignment of T. See ArrayBytes::map.
  static Array map(const std::string& path, size_t offset, size_t n) {
    if (offset % alignof(T) != 0)
      throw Error(ErrorCode::BadValue, "the offset " + std::to_string(offset) + " is not aligned to the elements");
    Array array;
    array.bytes_ = ArrayBytes::map(path, offset, byte_size(n));
    return array;
  }

  /// Number of elements.
  size_t size() const noexcept { return bytes_.size() / sizeof(T); }
  /// The elements, for reading.
  std::span<const T> view() const noexcept { return {reinterpret_cast<const T*>(bytes_.begin()), size()}; }
  const T& operator[](size_t i) const noexcept { return view()[i]; }
  /// The elements for writing; makes a copy first where they are shared. The span is good until the array is copied.
  std::span<T> write() { return {reinterpret_cast<T*>(bytes_.begin_writing()), size()}; }

  /// The numbers as a leaf of a Value, without a copy; the array's next write makes one.
  NumberArray to_numbers() const requires std::is_arithmetic_v<T> { return {number_type_of<T>(), bytes_.owner(), bytes_.begin(), size()}; }

 private:
  static size_t byte_size(size_t n) {
    if (n > (~size_t{0} >> 2) / sizeof(T)) throw Error(ErrorCode::OutOfMemory, "an array is larger than the address space");
    return n * sizeof(T);
  }

  ArrayBytes bytes_;
};

}  // namespace kolosal
