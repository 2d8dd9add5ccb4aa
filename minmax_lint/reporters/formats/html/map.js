"use strict";
/* The overview map: the whole drawing in small, with a frame around what is seen; shown where that is a part. */

class OverviewMap {
  constructor(cy, canvas) {
    Object.assign(this, { cy, canvas, pen: canvas.getContext("2d") });
    cy.on("viewport resize", () => this.draw());
    canvas.addEventListener("pointerdown", (event) => { canvas.setPointerCapture(event.pointerId); this.go(event); });
    canvas.addEventListener("pointermove", (event) => { if (event.buttons) this.go(event); });
  }

  /* The part of the canvas that the drawing takes: its scale and its corner. */
  frame() {
    const box = this.cy.elements().boundingBox();
    const scale = Math.min((this.canvas.width - 12) / Math.max(box.w, 1), (this.canvas.height - 12) / Math.max(box.h, 1));
    const left = (this.canvas.width - box.w * scale) / 2 - box.x1 * scale;
    const top = (this.canvas.height - box.h * scale) / 2 - box.y1 * scale;
    return { box, scale, left, top };
  }

  draw() {
    const { box, scale, left, top } = this.frame();
    const seen = this.cy.extent();
    const all = seen.x1 <= box.x1 && seen.y1 <= box.y1 && seen.x2 >= box.x2 && seen.y2 >= box.y2;
    this.canvas.hidden = all || this.cy.elements().empty();
    if (this.canvas.hidden) return;
    const { pen, canvas } = this;
    pen.clearRect(0, 0, canvas.width, canvas.height);
    this.cy.nodes().forEach((node) => {
      const { x, y } = node.position();
      pen.fillStyle = node.hasClass("chosen") ? colour("accent") : node.style("border-color");
      const width = Math.max(node.width() * scale, 2);
      const height = Math.max(node.height() * scale, 2);
      pen.fillRect(x * scale + left - width / 2, y * scale + top - height / 2, width, height);
    });
    pen.strokeStyle = colour("text");
    pen.strokeRect(seen.x1 * scale + left, seen.y1 * scale + top, seen.w * scale, seen.h * scale);
  }

  go(event) {
    const { scale, left, top } = this.frame();
    const zoom = this.cy.zoom();
    const x = (event.offsetX - left) / scale;
    const y = (event.offsetY - top) / scale;
    this.cy.pan({ x: this.cy.width() / 2 - x * zoom, y: this.cy.height() / 2 - y * zoom });
  }
}
