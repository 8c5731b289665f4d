"""Carriers: FedEx Track answers and EasyPost trackers with their shipments (shipping/)."""

from __future__ import annotations

import json
from itertools import groupby
from typing import Any

from pickglass.simulate.acts import Diary, Parcel
from pickglass.simulate.clock import iso, quarter
from pickglass.simulate.exports import Exports
from pickglass.simulate.world.company import Company
from pickglass.simulate.world.places import Address

_FEDEX = {
    "ordered": ("OC", "Shipment information sent to FedEx", "", "IN", "Initiated", "CUSTOMER"),
    "picked_up": ("PU", "Picked up", "", "PU", "Picked up", "PICKUP_LOCATION"),
    "in_transit": ("DP", "Left FedEx origin facility", "", "IT", "In transit", "ORIGIN_FEDEX_FACILITY"),
    "redirect_requested": (
        "RR",
        "Delivery option requested",
        "Redirect to another address request received",
        "IT",
        "In transit",
        "ENROUTE",
    ),
    "redirected": (
        "DE",
        "Delivery exception",
        "Redirecting to the address that the recipient asked for",
        "DE",
        "Delivery exception",
        "DESTINATION_FEDEX_FACILITY",
    ),
    "ready_for_pickup": (
        "HP",
        "Ready for recipient pickup",
        "Package available for pickup",
        "IT",
        "In transit",
        "DESTINATION_FEDEX_FACILITY",
    ),
    "delivered": ("DL", "Delivered", "", "DL", "Delivered", "DELIVERY_LOCATION"),
}
_EASYPOST = {
    "ordered": (
        "pre_transit",
        "label_created",
        "Shipper created a label, UPS has not received the package yet. ",
    ),
    "picked_up": ("in_transit", "received_at_origin_facility", "Origin Scan"),
    "in_transit": ("in_transit", "departed_facility", "Departed from Facility"),
    "redirect_requested": (
        "in_transit",
        "status_update",
        "The receiver requested that this package be delivered to another address.",
    ),
    "redirected": ("in_transit", "status_update", "The package was forwarded for delivery."),
    "ready_for_pickup": (
        "available_for_pickup",
        "arrived_at_pickup_location",
        "Package is ready for customer pickup",
    ),
    "delivered": ("delivered", "arrived_at_destination", "Delivered"),
}


def write(company: Company, diary: Diary, exports: Exports) -> None:
    parcels = sorted(diary.parcels, key=lambda one: (one.scans[0][0], one.worker))
    fedex = [one for one in parcels if one.carrier == "fedex"]
    for period, entries in groupby(fedex, key=lambda one: quarter(one.scans[0][0])):
        answers = [_fedex(company, one) for one in entries]
        document = {
            "transactionId": f"laptops-{period}",
            "customerTransactionId": f"laptops-{period}",
            "output": {"completeTrackResults": answers},
        }
        exports.blob(
            f"shipping/fedex_track_{period}.json",
            (json.dumps(document, indent=1) + "\n").encode(),
            len(answers),
        )
    others = [one for one in parcels if one.carrier == "easypost"]
    exports.page(
        "shipping/easypost_shipments.json",
        {"has_more": False},
        "shipments",
        (_shipment(company, one) for one in others),
    )
    exports.page(
        "shipping/easypost_trackers.json", {"has_more": False}, "trackers", (_tracker(one) for one in others)
    )


def _place(address: Address, *, lines: bool = False) -> dict[str, Any]:
    where = address.place
    return {
        "streetLines": [address.street.upper()] if lines else [""],
        "city": where.city.upper(),
        "stateOrProvinceCode": where.region,
        "postalCode": address.postal,
        "countryCode": where.country,
        "residential": False,
        "countryName": where.country_name,
    }


def _fedex(company: Company, one: Parcel) -> dict[str, Any]:
    worker = company.workers[one.worker]
    kinds = {what for _, what, _ in one.scans}
    scans = []
    for time, what, where in reversed(one.scans):
        kind, words, detail, code, status, location = _FEDEX[what]
        scans.append(
            {
                "date": iso(time)[:-1] + "+00:00",
                "eventType": kind,
                "eventDescription": words,
                "exceptionCode": "",
                "exceptionDescription": detail,
                "scanLocation": _place(where, lines=what == "ready_for_pickup"),
                "locationType": location,
                "derivedStatusCode": code,
                "derivedStatus": status,
            }
        )
    result: dict[str, Any] = {
        "trackingNumberInfo": {
            "trackingNumber": one.tracking,
            "trackingNumberUniqueId": f"2461{one.number % 10**6:06}~{one.tracking}~FX",
            "carrierCode": "FDXE",
        },
        "additionalTrackingInfo": {
            "nickname": "",
            "packageIdentifiers": [
                {
                    "type": "CUSTOMER_REFERENCE",
                    "values": [worker.employee],
                    "trackingNumberUniqueId": "",
                    "carrierCode": "",
                },
                {
                    "type": "PURCHASE_ORDER",
                    "values": [f"IT-{one.serial}"],
                    "trackingNumberUniqueId": "",
                    "carrierCode": "",
                },
            ],
        },
        "shipperInformation": {"address": _place(company.offices[1].address)},
        "recipientInformation": {
            "contact": {"personName": one.recipient},
            "address": _place(one.addressed, lines=True),
        },
        "latestStatusDetail": {
            "code": "DL",
            "derivedCode": "DL",
            "statusByLocale": "Delivered",
            "description": "Delivered",
        },
        "scanEvents": scans,
        "deliveryDetails": {
            "deliveryAttempts": "0",
            "actualDeliveryAddress": _place(one.delivered, lines=True),
            "locationType": "FEDEX_OFFICE" if one.delivered.kind == "pickup_point" else "RESIDENCE",
            "receivedByName": one.signed,
        },
        "serviceDetail": {"type": "FEDEX_2_DAY", "description": "FedEx 2Day", "shortDescription": "P-2"},
    }
    if "redirected" in kinds:
        result["lastUpdatedDestinationAddress"] = _place(one.delivered, lines=True)
        pickup = one.delivered.kind == "pickup_point"
        result["customDeliveryOptions"] = [
            {"type": "REDIRECT_TO_HOLD_AT_LOCATION" if pickup else "REROUTE", "status": "HELD"}
        ]
        if pickup:
            result["holdAtLocation"] = {
                "locationContactAndAddress": {"address": _place(one.delivered, lines=True)},
                "locationId": "HOLDX",
                "locationType": "FEDEX_OFFICE",
            }
    return {"trackingNumber": one.tracking, "trackResults": [result]}


def _tracker(one: Parcel) -> dict[str, Any]:
    details = []
    for time, what, where in one.scans:
        status, detail, words = _EASYPOST[what]
        details.append(
            {
                "object": "TrackingDetail",
                "message": words,
                "description": "",
                "status": status,
                "status_detail": detail,
                "datetime": iso(time)[:-1] + "+00:00",
                "source": "UPS",
                "carrier_code": "",
                "tracking_location": {
                    "object": "TrackingLocation",
                    "city": where.place.city.upper(),
                    "state": where.place.region,
                    "country": where.place.country,
                    "zip": where.postal,
                },
            }
        )
    return {
        "id": f"trk_{one.number:032x}",
        "object": "Tracker",
        "mode": "production",
        "tracking_code": one.tracking,
        "status": "delivered",
        "status_detail": "arrived_at_destination",
        "created_at": iso(one.scans[0][0]),
        "updated_at": iso(one.scans[-1][0] + 900),
        "signed_by": one.signed,
        "weight": None,
        "est_delivery_date": None,
        "shipment_id": f"shp_{one.number:032x}",
        "carrier": "UPS",
        "tracking_details": details,
        "fees": [],
        "carrier_detail": None,
        "finalized": True,
        "is_return": False,
    }


def _shipment(company: Company, one: Parcel) -> dict[str, Any]:
    worker = company.workers[one.worker]
    made = iso(one.scans[0][0])
    to, office = one.addressed, company.offices[1].address

    def address(key: str, name: str, where: Address, *, home: bool, phone: str, mail: str) -> dict[str, Any]:
        return {
            "id": f"adr_{key}{one.number:030x}",
            "object": "Address",
            "created_at": made,
            "updated_at": made,
            "name": name.upper(),
            "company": None if home else company.name,
            "street1": where.street.upper(),
            "street2": "",
            "city": where.place.city.upper(),
            "state": where.place.region,
            "zip": where.postal,
            "country": where.place.country,
            "phone": phone,
            "email": mail,
            "mode": "production",
            "carrier_facility": None,
            "residential": None if where.kind == "mailbox" else home,
            "verifications": {},
        }

    return {
        "id": f"shp_{one.number:032x}",
        "object": "Shipment",
        "created_at": made,
        "updated_at": made,
        "is_return": False,
        "messages": [],
        "mode": "production",
        "reference": worker.employee,
        "status": "delivered",
        "tracking_code": one.tracking,
        "options": {
            "currency": "USD",
            "print_custom_1": worker.employee,
            "print_custom_1_code": "ON",
            "print_custom_2": one.serial,
            "print_custom_2_code": "SE",
        },
        "from_address": address(
            "f", "IT Logistics", office, home=False, phone="9195550100", mail=f"it-logistics@{company.domain}"
        ),
        "to_address": address(
            "t",
            one.recipient,
            to,
            home=to.kind == "residence",
            phone=worker.person.phone,
            mail=worker.person.mail,
        ),
        "parcel": {
            "id": f"prcl_{one.number:032x}",
            "object": "Parcel",
            "length": 16.0,
            "width": 12.0,
            "height": 4.0,
            "weight": 112.0,
        },
        "postage_label": {
            "object": "PostageLabel",
            "id": f"pl_{one.number:032x}",
            "created_at": made,
            "label_date": made,
        },
        "rates": [],
        "refund_status": None,
        "selected_rate": {
            "object": "Rate",
            "service": "Ground",
            "carrier": "UPS",
            "rate": "18.40",
            "currency": "USD",
        },
        "usps_zone": 5,
        "fees": [],
    }
