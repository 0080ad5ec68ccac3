#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// Whether a message tells of a failure of the system that may be gone on another try: a disk that
/// is full, a server that does not answer, too little memory.
///
/// Rooms tell what the system refused in its own words, whatever library was asked; by these it is
/// known here.
///
/// - Parameter message: What an error says.
/// - Returns: Whether another try may succeed.
/// - Complexity: O(length of the message)
package func tellsOfPassingFailure(_ message: String) -> Bool {
  let codes = [
    EAGAIN, EBUSY, ECONNABORTED, ECONNREFUSED, ECONNRESET, EDQUOT, EHOSTDOWN, EHOSTUNREACH, EIO,
    EMFILE, ENETDOWN, ENETUNREACH, ENFILE, ENOLCK, ENOMEM, ENOSPC, ENOTCONN, ESTALE, ETIMEDOUT,
  ]
  return codes.contains { message.contains(SystemError(code: $0).words) }
}
