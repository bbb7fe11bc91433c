// Give the terminal the keyboard once its explorer has painted: until then its script has no socket.
const body = document.querySelector("body");
const observer = new MutationObserver(() => {
  if (body.classList.contains("-first-byte")) {
    observer.disconnect();
    document.querySelector("#terminal textarea").focus();
  }
});
observer.observe(body, { attributeFilter: ["class"] });
