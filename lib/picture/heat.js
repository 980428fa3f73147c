"use strict";
// Says what the cell is that is pointed at: its title, as text, without the delay of
// a browser's own.
(function () {
	const details = document.getElementById("details");

	document.addEventListener("mouseover", function (event) {
		const cell = event.target.closest ? event.target.closest(".c") : null;

		details.textContent = cell === null ? "" :
		    cell.querySelector("title").textContent;
	});
})();
